"""What changes while a detector is trained: weights, their running average, the optimiser, how far it is."""

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
    """A run in memory; ``average`` is what will be shipped. Both networks have heads or none has."""

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
        """Replace the state file in one move, so that a kill leaves the old or the new one."""
        partial = folder / f"{STATE_FILE}.partial"
        torch.save(self.state(), partial)
        partial.replace(folder / STATE_FILE)

    def resume(self, folder: Path) -> bool:
        """Take up the state saved in ``folder``; False where there is none."""
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
        """Move the averaged weights and statistics towards the network's."""
        weight = 1 - ema_decay(self.step, longest=longest)
        means, values = self.average.state_dict(), self.network.state_dict()
        floats = [name for name, mean in means.items() if mean.is_floating_point()]
        # One launch for all of them: on a GPU hundreds of small ones take longer than the step itself.
        torch._foreach_lerp_([means[name] for name in floats], [values[name] for name in floats], weight)
        for name in means.keys() - set(floats):
            means[name].copy_(values[name])


def initial_network(config: TrainingConfig) -> nn.Module:
    """Return the network with the weights a run starts from: a model's, ImageNet's or random ones."""
    torch.manual_seed(config.seed)
    network = build_network(config.network, config.dropout, localises=config.localisation > 0)
    if config.init is not None:
        given, own = load_checkpoint(config.init).network.state_dict(), network.state_dict()
        # A model that never learned where has no heads to give, and a run that does not learn it wants none.
        heads = {key: given.get(key, value) for key, value in own.items() if key.startswith(f"{HEADS}.")}
        rest = {key: value for key, value in given.items() if not key.startswith(f"{HEADS}.")}
        network.load_state_dict(rest | heads)
    elif config.imagenet:
        load_imagenet(config.network, network, config.imagenet_weights)
    return fold_norms(network) if config.fold_norms else network


def start(config: TrainingConfig, device: torch.device) -> Run:
    """Return a run at its beginning."""
    network = initial_network(config).to(device)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    return Run(network, deepcopy(network).requires_grad_(False), make_optimiser(network, config))
