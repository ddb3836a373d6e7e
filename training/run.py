"""The state of a training run: weights, their moving average, optimiser and progress."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.localisation import HEADS
from inference.networks import build_network
from inference.norm_folding import fold_norms
from training.config import TrainingConfig
from training.imagenet import load_imagenet
from training.optimiser import make_optimiser
from training.schedule import ema_decay

STATE_FILE = "state.pt"


@dataclass(slots=True)
class Run:
    """A run in memory. ``average`` is exported; both networks have localisation heads or neither has."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    pictures: int = 0
    seconds: float = 0.0

    def state(self) -> dict[str, object]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "pictures": self.pictures,
            "seconds": self.seconds,
        }

    def save(self, folder: Path) -> None:
        """Replace the state file atomically, so that a killed process leaves a valid one."""
        partial = folder / f"{STATE_FILE}.partial"
        torch.save(self.state(), partial)
        partial.replace(folder / STATE_FILE)

    def resume(self, folder: Path) -> bool:
        """Load the state saved in ``folder``; return False if there is none."""
        if not (folder / STATE_FILE).exists():
            return False
        state = torch.load(folder / STATE_FILE, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.pictures, self.seconds = state["step"], state["pictures"], state["seconds"]
        return True

    @torch.no_grad()
    def update_average(self, longest: float) -> None:
        """Update the moving average of weights and statistics."""
        weight = 1 - ema_decay(self.step, longest=longest)
        means, values = self.average.state_dict(), self.network.state_dict()
        floats = [name for name, mean in means.items() if mean.is_floating_point()]
        # A single launch: on a GPU hundreds of small ones take longer than the training step.
        torch._foreach_lerp_([means[name] for name in floats], [values[name] for name in floats], weight)
        for name in means.keys() - set(floats):
            means[name].copy_(values[name])


def initial_network(config: TrainingConfig) -> nn.Module:
    """Return the network with its initial weights: those of a model, of ImageNet or random ones."""
    torch.manual_seed(config.seed)
    network = build_network(config.network, config.dropout, localises=config.localisation > 0)
    if config.init is not None:
        initial, own = load_checkpoint(config.init).network.state_dict(), network.state_dict()
        # The model or this run may lack localisation heads; missing ones keep their random weights.
        heads = {key: initial.get(key, value) for key, value in own.items() if key.startswith(f"{HEADS}.")}
        rest = {key: value for key, value in initial.items() if not key.startswith(f"{HEADS}.")}
        network.load_state_dict(rest | heads)
    elif config.imagenet:
        load_imagenet(config.network, network, config.imagenet_weights)
    return fold_norms(network) if config.fold_norms else network


def start(config: TrainingConfig, device: torch.device) -> Run:
    """Return a new run."""
    network = initial_network(config).to(device)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    return Run(network, deepcopy(network).requires_grad_(False), make_optimiser(network, config))
