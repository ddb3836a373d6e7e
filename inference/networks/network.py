"""The description of a detector network: everything that serving and training need to know about it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from inference.normalisation import IMAGENET, Normalisation

DEFAULT_DROPOUT = 0.2  # as in the papers of both EfficientNets
SIZE_STEP = 32  # pixels; the networks reduce their input by this factor

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Network:
    """A network that model cards and training runs refer to by ``name``.

    ``build(dropout)`` returns the module with random weights: normalised (N, 3, S, S) float32 in, (N, 1)
    logits out (positive: forged), for any S that is a multiple of 32. Training needs the submodules
    ``features``, a sequence of layers, and ``classifier``. Heat maps and localisation heads also need outputs
    of ``features`` at 1/16 and 1/32 of the input size, and a ``classifier`` of the features' spatial mean.

    ``input_size`` is the default edge of the crops in pixels; a model's card decides in service.
    ``imagenet_weights(module)`` returns pretrained weights under the names of the module's state dict and
    raises :class:`~inference.errors.PretrainedWeightsError` if it cannot; None where there are none.
    """

    name: str
    build: Callable[[float], nn.Module]
    input_size: int = 224
    normalisation: Normalisation = IMAGENET
    imagenet_weights: Callable[[nn.Module], Weights] | None = None

    def __post_init__(self) -> None:
        if self.input_size <= 0 or self.input_size % SIZE_STEP:
            raise ValueError(
                f"the input size of {self.name} is {self.input_size}; it must be a positive multiple of"
                f" {SIZE_STEP}"
            )
