"""Build the networks from their weights alone: the size follows from names and shapes of the entries."""

from collections.abc import Callable
from statistics import mode
from typing import TypeVar

import torch
from torch import nn

from inference.errors import SwapperWeightsError
from inference.swapper.generator import FULL_CHANNELS, Generator
from inference.swapper.identity import STAGES, IdentityEncoder
from inference.swapper.variant import Variant

State = dict[str, torch.Tensor]
_Network = TypeVar("_Network", bound=nn.Module)

_DEEP = ("down4.", "up4.")
_WIDTHS = {"first_layer.1.bias": 1, "down1.0.bias": 2, "down2.0.bias": 4}  # with their multiples of the width
_MAX_CHANNELS, _MAX_BLOCKS = (
    1024,
    100,
)  # far above real networks; a stranger's file must not say how much we build


def generator_from(state: State, variant: Variant) -> Generator:
    """Return the generator with these weights (float32), in eval mode; its width and depth follow from them.

    :raises SwapperWeightsError: if an entry is missing, unknown or of another shape; the message names it.
    """
    # Two of three agree where one entry is wrong, and the wrong one is then named.
    channels = mode(
        [state[key].numel() // multiple for key, multiple in _WIDTHS.items() if key in state]
        or [FULL_CHANNELS]
    )
    width = min(max(1, channels), _MAX_CHANNELS) / FULL_CHANNELS
    deep = any(key.startswith(_DEEP) for key in state)
    return _loaded(lambda: Generator(variant, width=width, deep=deep), state, "the generator of SimSwap")


def encoder_from(state: State) -> IdentityEncoder:
    """Return the identity encoder with these weights (float32), in eval mode; its blocks follow from them.

    :raises SwapperWeightsError: if an entry is missing, unknown or of another shape; the message names it.
    """
    blocks = [_blocks(state, f"layer{number}.") for number in range(1, len(STAGES) + 1)]
    return _loaded(lambda: IdentityEncoder(blocks), state, "the ArcFace encoder of SimSwap")


def _blocks(state: State, stage: str) -> int:
    numbers = {key.split(".")[1] for key in state if key.startswith(stage)}
    return min(max(1, len(numbers)), _MAX_BLOCKS)


def _loaded(build: Callable[[], _Network], state: State, name: str) -> _Network:
    with torch.device("meta"):  # the weights come from the state: no memory and no random numbers are needed
        network = build()
    faults = _faults(network.state_dict(), state)
    if faults:
        more = f", and {len(faults) - 1} other entries do not fit" if len(faults) > 1 else ""
        raise SwapperWeightsError(
            f"the weights are not those of {name}: {faults[0]}{more}; give the file of the right network"
        )
    network.load_state_dict(state, assign=True)
    network.requires_grad_(False).eval()
    return network


def _faults(expected: State, state: State) -> list[str]:
    """Return a clause for each entry that does not fit, in the order of the layers; then unknown entries."""
    faults = []
    for key, value in expected.items():
        if key not in state:
            faults.append(f"{key} is missing")
        elif state[key].shape != value.shape:
            faults.append(f"{key} has the shape {list(state[key].shape)} instead of {list(value.shape)}")
    return faults + [f"{key[:100]!r} is unknown" for key in state if key not in expected]
