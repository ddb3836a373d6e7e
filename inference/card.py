"""The card of a model: what a consumer must know to use its weights.

The prose for people is in MODEL_CARD.md; the weights are read by `inference.checkpoint`.
"""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.errors import CheckpointCorruptError, CheckpointMissingError

CARD_FILE = "card.json"


class ModelCard(BaseModel):
    """A detector's card; frozen, and unknown fields are refused."""

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
    calibrated: bool = Field(default=True, description="false: nobody has measured what the thresholds mean")
    mirrored: bool = Field(
        default=False, description="a crop's logit is the mean of its own and its mirror image's"
    )
    localises: bool = Field(
        default=False, description="the weights hold heads that say where in a crop it is forged"
    )
    min_face_px: int = Field(gt=0, description="shorter edge of the face box below which no opinion is given")
    weights: str = Field(pattern=r"^[\w.-]+\.safetensors$", description="file beside the card")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the weights file")
    licence: str
    data: str
    metrics: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _uncalibrated_never_tags(self) -> Self:
        if not self.calibrated and self.tag_threshold < 1:
            raise ValueError("an uncalibrated model must not tag: its tag_threshold must be 1")
        return self

    @property
    def reference(self) -> str:
        """``name@version``, as the model is named in settings, keys and logs."""
        return f"{self.name}@{self.version}"


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


def write_card(card: ModelCard, directory: Path) -> None:
    """Put the card into ``directory``."""
    (directory / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n", "utf-8")
