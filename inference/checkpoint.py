"""A trained model as it is shipped: a card (JSON) and its weights (safetensors) in one folder.

Reads and checks them; what the numbers mean for a picture is the detector's business.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from inference.card import CARD_FILE, ModelCard, read_card
from inference.errors import CheckpointCorruptError, CheckpointMissingError
from inference.network import build_network
from inference.registry import default_model_dir

__all__ = ["CARD_FILE", "Checkpoint", "ModelCard", "default_model_dir", "load_checkpoint", "read_card"]

# No evidence makes certain, though float32 rounds a large logit to 1. So a tag threshold of 1, which the card
# of an uncalibrated model has, is never met.
HIGHEST_PROBABILITY = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A card with its network, in float32, in eval mode."""

    card: ModelCard
    network: nn.Module

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the logits (N,) of normalised crops (N, 3, S, S) on the network's device."""
        return logits_of(self.network, pixels, mirrored=self.card.mirrored)

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the calibrated probability of forgery (N,), below 1, for logits (N, 1) or (N,)."""
        probabilities = torch.sigmoid(logits.flatten() / self.card.temperature + self.card.bias)
        return probabilities.clamp(max=HIGHEST_PROBABILITY)


def logits_of(network: nn.Module, pixels: torch.Tensor, *, mirrored: bool) -> torch.Tensor:
    """Return the logits (N,) of crops (N, 3, S, S), each the mean with its mirror image's where ``mirrored``.

    A forgery has no side: what the two disagree on is noise.
    """
    logits: torch.Tensor = network(pixels).float().flatten()
    if mirrored:
        logits = (logits + network(pixels.flip(3)).float().flatten()) / 2
    return logits


def _read_weights(directory: Path, card: ModelCard) -> dict[str, torch.Tensor]:
    path = directory / card.weights
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointMissingError(
            f"cannot read the weights {path} ({error.strerror}); copy the file that belongs to {CARD_FILE}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise CheckpointCorruptError(
            f"{path} has sha256 {found}, its card says {card.sha256}; copy card and weights again, together"
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise CheckpointCorruptError(f"{path} is not a safetensors file: {error}; export it again") from error


def load_checkpoint(directory: Path) -> Checkpoint:
    """Return the model in ``directory``, its weights' hash verified; raises a CheckpointError otherwise."""
    card = read_card(directory)
    network = build_network(card.network, localises=card.localises)
    weights = {key: value.float() for key, value in _read_weights(directory, card).items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointCorruptError(
            f"the weights in {directory} do not fit {card.network}: {error}; correct 'network' in the card"
        ) from error
    return Checkpoint(card, network.requires_grad_(False).eval())
