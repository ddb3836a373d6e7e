"""The card of a model: everything that a program needs to use its weights. MODEL_CARD.md is for people.

This module has the card of detectors. The card of a model for face swaps is in `inference.swapper.card`.
"""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from inference.errors import CheckpointCorruptError, CheckpointMissingError, WrongPurposeError
from inference.swapper.card import SwapperCard

CARD_FILE = "card.json"


class ModelCard(BaseModel):
    """The card of a detector. Unknown fields are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    version: str = Field(min_length=1, description="part of the identity of every verdict")
    network: str = Field(description="name of a network in inference.networks")
    input_size: int = Field(multiple_of=32, gt=0, description="edge of the crops in pixels")
    crop_margin: float = Field(ge=0, le=1, description="share by which the crop is longer than the face box")
    temperature: float = Field(gt=0, description="divides the logits")
    bias: float = Field(default=0.0, description="added to the divided logits, before the sigmoid")
    tag_threshold: float = Field(ge=0, le=1, description="calibrated probability from which a face is tagged")
    suspect_threshold: float = Field(
        ge=0, le=1, description="probability from which a person should review it"
    )
    calibrated: bool = Field(default=True, description="false: the thresholds were not measured")
    mirrored: bool = Field(default=False, description="average the logits of each crop and its mirror image")
    localises: bool = Field(default=False, description="the weights include localisation heads")
    min_face_px: int = Field(gt=0, description="faces with a shorter box edge are not judged")
    weights: str = Field(pattern=r"^[\w.-]+\.safetensors$", description="file in the folder of the card")
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


def _kind(fields: Any) -> str:
    """Only cards of other models than detectors have a purpose."""
    return "swapper" if isinstance(fields, dict) and "purpose" in fields else "detector"


Card = ModelCard | SwapperCard

CARD: TypeAdapter[Card] = TypeAdapter(
    Annotated[
        Annotated[ModelCard, Tag("detector")] | Annotated[SwapperCard, Tag("swapper")], Discriminator(_kind)
    ]
)


def read_card(directory: Path) -> ModelCard:
    """Return the card of the detector in ``directory``.

    Raise a CheckpointError if it is missing or invalid, or the model is no detector.
    """
    card = read_any_card(directory)
    if not isinstance(card, ModelCard):
        raise WrongPurposeError(
            f"{card.reference} in {directory} makes face swaps and cannot detect any"
            f" ({card.purpose.value}); choose a detector of `fakeme models list`"
        )
    return card


def read_any_card(directory: Path) -> Card:
    """Return the card of the model in ``directory``; raise a CheckpointError if it is missing or invalid."""
    path = directory / CARD_FILE
    try:
        return CARD.validate_json(path.read_bytes())
    except OSError as error:
        raise CheckpointMissingError(
            f"cannot read the model card {path} ({error.strerror}); give a folder that holds {CARD_FILE}"
        ) from error
    except ValidationError as error:
        raise CheckpointCorruptError(
            f"the model card {path} is not valid: {error}; export it again"
        ) from error


def write_card(card: Card, directory: Path) -> None:
    """Write the card to ``directory``."""
    (directory / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n", "utf-8")
