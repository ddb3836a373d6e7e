"""The detector networks that model cards can name, and registration of further ones."""

from torch import nn

from inference.errors import DuplicateNetworkError, UnknownNetworkError
from inference.localisation import add_heads
from inference.networks import efficientnet_lite0, efficientnet_lite0_origin, efficientnet_v2_s, mesonet4
from inference.networks.network import DEFAULT_DROPOUT, Network
from inference.plugins import load_plugins

__all__ = ["DEFAULT_DROPOUT", "Network", "build_network", "find_network", "register_network"]

BUILT_IN = (
    efficientnet_lite0.NETWORK,
    efficientnet_v2_s.NETWORK,
    efficientnet_lite0_origin.NETWORK,
    mesonet4.NETWORK,
)

_registered: dict[str, Network] = {}


def register_network(network: Network) -> None:
    """Make ``network`` available by its name in this process.

    Raises :class:`~inference.errors.DuplicateNetworkError` if the name is taken.
    """
    if network.name in _registered:
        raise DuplicateNetworkError(
            f"a network named {network.name!r} is already registered; give the new one another name"
        )
    _registered[network.name] = network


for _network in BUILT_IN:
    register_network(_network)


def find_network(name: str) -> Network:
    """Return the network with this name; raise UnknownNetworkError if there is none."""
    load_plugins()
    if name not in _registered:
        raise UnknownNetworkError(
            f"no network is named {name!r}; the known ones are {', '.join(_registered)}"
        )
    return _registered[name]


def build_network(name: str, dropout: float = DEFAULT_DROPOUT, *, localises: bool = False) -> nn.Module:
    """Return the named network with random weights; (N, 3, S, S) in, (N, 1) logits out.

    With ``localises`` it gets localisation heads (`inference.localisation`).

    Raises UnknownNetworkError if no network has this name.
    """
    module = find_network(name).build(dropout)
    return add_heads(module) if localises else module
