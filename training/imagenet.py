"""Initialise a network with ImageNet weights, from its own source or from a given file."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from inference.errors import PretrainedWeightsError
from inference.localisation import HEADS
from inference.networks import find_network
from inference.networks.network import Weights
from training.errors import NoInitialWeightsError

LEARNED_ANEW = ("classifier.", f"{HEADS}.")

_ALTERNATIVES = "name a file of them as imagenet_weights, or set imagenet = false"


def load_imagenet(name: str, network: nn.Module, file: Path | None = None) -> None:
    """Load ImageNet weights into all layers of ``network`` except the classifier and localisation heads.

    ``file`` (safetensors, or a state dict of torch, under the network's own names) replaces the weights that
    the network's description names. Raises :class:`~training.errors.NoInitialWeightsError`.
    """
    own = network.state_dict()
    weights = _read(file) if file is not None else _published(name, network)
    kept = {key: value for key, value in weights.items() if not key.startswith(LEARNED_ANEW)}
    wanted = {key for key in own if not key.startswith(LEARNED_ANEW)}
    if kept.keys() != wanted or any(kept[key].shape != own[key].shape for key in wanted):
        raise NoInitialWeightsError(
            f"the ImageNet weights do not fit {name}: {len(wanted - kept.keys())} of {len(wanted)} tensors"
            " are missing, or some have another shape; give those of the same network"
        )
    network.load_state_dict(kept, strict=False)


def _published(name: str, network: nn.Module) -> Weights:
    source = find_network(name).imagenet_weights
    if source is None:
        raise NoInitialWeightsError(f"no ImageNet weights are published for {name}; {_ALTERNATIVES}")
    try:
        return source(network)
    except PretrainedWeightsError as error:
        raise NoInitialWeightsError(f"{error}; {_ALTERNATIVES}") from error


def _read(file: Path) -> Weights:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        weights: Weights = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # safetensors and torch raise many types for foreign files
        raise NoInitialWeightsError(f"cannot read ImageNet weights from {file}: {error}") from error
    return weights
