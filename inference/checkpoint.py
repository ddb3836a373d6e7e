"""Load a trained model from its folder: a card (JSON) and weights (safetensors), both verified."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from inference.card import CARD_FILE, Card, ModelCard, read_card
from inference.crops import crop_face
from inference.errors import CheckpointCorruptError, CheckpointMissingError
from inference.face import Box
from inference.media.decoded import Pixels
from inference.networks import build_network, find_network
from inference.normalisation import normalise
from inference.registry import default_model_dir

__all__ = ["CARD_FILE", "Checkpoint", "ModelCard", "default_model_dir", "load_checkpoint", "read_card"]

# float32 rounds the sigmoid of a large logit to 1. A limit below 1 ensures that an uncalibrated model, which
# has a tag threshold of 1, never tags.
HIGHEST_PROBABILITY = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A card with its network, in float32, in eval mode."""

    card: ModelCard
    network: nn.Module

    def crop(self, image: Pixels, box: Box) -> Pixels:
        """Return the face as (S, S, 3) uint8 RGB, with the margin and input size S of the card."""
        return crop_face(image, box, self.card.crop_margin, self.card.input_size)

    def normalise(self, crops: Sequence[Pixels]) -> torch.Tensor:
        """Return uint8 RGB crops (S, S, 3) as the network's input, float32 (N, 3, S, S)."""
        return normalise(crops, find_network(self.card.network).normalisation)

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the logits (N,) of normalised crops (N, 3, S, S) on the network's device."""
        return logits_of(self.network, pixels, mirrored=self.card.mirrored)

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the calibrated probability of forgery (N,), below 1, for logits (N, 1) or (N,)."""
        probabilities = torch.sigmoid(logits.flatten() / self.card.temperature + self.card.bias)
        return probabilities.clamp(max=HIGHEST_PROBABILITY)


def logits_of(network: nn.Module, pixels: torch.Tensor, *, mirrored: bool) -> torch.Tensor:
    """Return the logits (N,) of crops (N, 3, S, S).

    With ``mirrored``, each is the mean of the crop's logit and its mirror image's, which reduces noise.
    """
    logits: torch.Tensor = network(pixels).float().flatten()
    if mirrored:
        logits = (logits + network(pixels.flip(3)).float().flatten()) / 2
    return logits


def read_weights(directory: Path, card: Card) -> dict[str, torch.Tensor]:
    """Return the tensors of the weights file; raise a CheckpointError if it is not the one of the card."""
    path = directory / card.weights
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointMissingError(
            f"cannot read the weights {path} ({error.strerror}); copy the file that belongs to {CARD_FILE}"
        ) from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != card.sha256:
        raise CheckpointCorruptError(
            f"{path} has sha256 {actual}, its card says {card.sha256}; copy the card and"
            " the weights again, together"
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise CheckpointCorruptError(f"{path} is not a safetensors file: {error}; export it again") from error


def load_checkpoint(directory: Path) -> Checkpoint:
    """Return the model in ``directory`` after verifying its weights; raise a CheckpointError if unusable."""
    card = read_card(directory)
    network = build_network(card.network, localises=card.localises)
    weights = {key: value.float() for key, value in read_weights(directory, card).items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointCorruptError(
            f"the weights in {directory} do not fit {card.network}: {error}; correct 'network' in the card"
        ) from error
    return Checkpoint(card, network.requires_grad_(False).eval())
