"""AdamW with weight decay and learning rate set per stage of the network."""

from typing import Any

import torch
from torch import nn

from inference.localisation import heads_of
from training.config import TrainingConfig


def stages(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return the parameters by stage, from input to output; each norm belongs to the stage before it.

    The localisation heads belong to the last stage, like the classifier.
    """
    parts: list[list[nn.Parameter]] = []
    for module in (*network.get_submodule("features").children(), network.get_submodule("classifier")):
        parameters = list(module.parameters())
        if any(parameter.ndim > 1 for parameter in parameters):
            parts.append(parameters)
        else:
            parts[-1] += parameters
    heads = heads_of(network)
    parts[-1] += [] if heads is None else list(heads.parameters())
    return parts


def parameter_groups(network: nn.Module, config: TrainingConfig) -> list[dict[str, Any]]:
    """Return the parameters by stage, with weight decay on kernels but not on norms and biases.

    ``scale`` is the factor of a stage's learning rate: 1 at the head, multiplied by ``layer_decay`` for each
    stage below (Clark et al., ELECTRA, 2020), since the features of early stages need to change least.
    """
    groups: list[dict[str, Any]] = []
    for depth, stage in enumerate(reversed(stages(network))):
        scale = config.layer_decay**depth
        kernels = [p for p in stage if p.ndim > 1]
        others = [p for p in stage if p.ndim <= 1]
        groups += [
            {"params": kernels, "weight_decay": config.weight_decay, "scale": scale},
            {"params": others, "weight_decay": 0.0, "scale": scale},
        ]
    return [group for group in groups if group["params"]]


def make_optimiser(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return AdamW (Loshchilov & Hutter, 2019) over all parameters."""
    return torch.optim.AdamW(parameter_groups(network, config), lr=config.learning_rate)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of each stage to ``rate`` times its scale."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]
