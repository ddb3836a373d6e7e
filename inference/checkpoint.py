"""A trained model as it is shipped: a card (JSON) and its weights (safetensors) in one folder.

Reads and checks them; what the numbers mean for a picture is the detector's business.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from inference.errors import CheckpointCorruptError, CheckpointMissingError
from inference.network import build_network

CARD_FILE = "card.json"
DEFAULT_MODEL = "fakeme-detector-lite0"
MODELS_DIR = Path(__file__).resolve().parent.parent / "models"  # the same in a checkout and in a wheel


class ModelCard(BaseModel):
    """What a consumer must know to use the weights; the prose for people is in MODEL_CARD.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    version: str = Field(min_length=1, description="part of the identity of every verdict")
    network: str = Field(description="a name build_network knows")
    input_size: int = Field(multiple_of=32, gt=0, description="edge of the crops in pixels")
    crop_margin: float = Field(ge=0, le=1, description="by which share the crop is longer than the face box")
    temperature: float = Field(gt=0, description="logits are divided by it")
    bias: float = Field(default=0.0, description="and this is added, before the sigmoid")
    tag_threshold: float = Field(ge=0, le=1, description="calibrated probability from which it is a deepfake")
    suspect_threshold: float = Field(ge=0, le=1, description="from which a person should look")
    min_face_px: int = Field(gt=0, description="shorter edge of the face box below which no opinion is given")
    weights: str = Field(pattern=r"^[\w.-]+\.safetensors$", description="file beside the card")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the weights file")
    licence: str
    data: str
    metrics: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A card with its network, in float32, in eval mode."""

    card: ModelCard
    network: nn.Module

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the calibrated probability of forgery (N,) for logits (N, 1) or (N,)."""
        return torch.sigmoid(logits.flatten() / self.card.temperature + self.card.bias)


def default_model_dir() -> Path:
    """Return the folder of the model that ships with FakeME."""
    return MODELS_DIR / DEFAULT_MODEL


def read_card(directory: Path) -> ModelCard:
    """Return the card in ``directory``; raises a CheckpointError that says what to do."""
    path = directory / CARD_FILE
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CheckpointMissingError(
            f"cannot read the model card {path} ({error.strerror}); give a folder that holds {CARD_FILE}"
        ) from error
    except ValidationError as error:
        raise CheckpointCorruptError(
            f"the model card {path} is not valid: {error}; export it again"
        ) from error


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
    network = build_network(card.network)
    weights = {key: value.float() for key, value in _read_weights(directory, card).items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointCorruptError(
            f"the weights in {directory} do not fit {card.network}: {error}; correct 'network' in the card"
        ) from error
    return Checkpoint(card, network.requires_grad_(False).eval())
