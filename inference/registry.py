"""The registry of models, registry.toml: where their weights are, and the content of their cards.

`fakeme models register` writes it from the cards in the model folders.
"""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.card import CARD, Card
from inference.errors import RegistryError, UnknownModelError
from inference.purpose import Purpose

MODELS_DIR = Path(__file__).resolve().parent.parent / "models"  # the same in a checkout and in a wheel
REGISTRY_FILE = MODELS_DIR / "registry.toml"

_SAME_AS_CARD = ("name", "version", "sha256", "licence", "data", "metrics")

Value = bool | int | float | str


class Entry(BaseModel):
    """One model. Its weights are in ``file``, relative to the folder of the registry, or at ``url``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w.-]+$")
    version: str = Field(pattern=r"^[\w.+-]+$")
    purpose: Purpose = Purpose.DETECTOR
    file: str | None = Field(default=None, pattern=r"\.safetensors$")
    url: str | None = Field(default=None, pattern=r"\.safetensors$", description="http(s), file, or a path")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the weights")
    licence: str
    data: str
    thresholds: dict[str, float] = Field(
        default_factory=dict, description="tag and suspect, as in the card of a detector"
    )
    serving: dict[str, Value] = Field(description="the other card fields: network, crops, calibration")
    metrics: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_location(self) -> Self:
        if (self.file is None) == (self.url is None):
            raise ValueError(f"{self.reference} must have either file or url")
        return self

    @property
    def reference(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def card(self) -> Card:
        """The card of this model; raises :class:`RegistryError` if the entry is not a valid card."""
        thresholds = {f"{name}_threshold": value for name, value in self.thresholds.items()}
        same = self.model_dump(include=set(_SAME_AS_CARD))
        if self.purpose is not Purpose.DETECTOR:
            same["purpose"] = self.purpose
            del same["metrics"]  # only measured detectors have them
        try:
            return CARD.validate_python({**same, **thresholds, **self.serving})
        except ValidationError as error:
            raise RegistryError(f"{self.reference} in the registry is not a valid card: {error}") from error


def entry_from_card(card: Card, *, file: str | None = None, url: str | None = None) -> Entry:
    """Return the entry for a card; raise :class:`RegistryError` if its name cannot be part of a path."""
    fields = card.model_dump(exclude_none=True)
    same = {name: fields.pop(name) for name in (*_SAME_AS_CARD, "purpose") if name in fields}
    thresholds = {
        name: fields.pop(f"{name}_threshold") for name in ("tag", "suspect") if f"{name}_threshold" in fields
    }
    try:
        return Entry(**same, file=file, url=url, thresholds=thresholds, serving=fields)
    except ValidationError as error:
        raise RegistryError(
            f"the card of {card.reference!r} is not a valid registry entry: {error}"
        ) from error


class Registry(BaseModel):
    """All entries; ``default`` is the reference of the model that is used unless settings name another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: str
    model: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _references_are_unique(self) -> Self:
        references = [entry.reference for entry in self.model]
        if len(set(references)) < len(references):
            raise ValueError("two entries have the same name and version")
        if self.default not in references:
            raise ValueError(f"default is {self.default!r}, which is not one of {', '.join(references)}")
        return self

    def with_entry(self, entry: Entry, *, default: bool = False) -> "Registry":
        """Return this registry with ``entry`` added and without the entries that it replaces.

        An entry with the same name and version, or the same file, is replaced. The new entry becomes the
        default if it replaces the default, or if ``default`` is true.
        """
        kept = [old for old in self.model if not _replaces(entry, old)]
        stays = not default and self.default in {old.reference for old in kept}
        return Registry(default=self.default if stays else entry.reference, model=(*kept, entry))


def read_registry(path: Path = REGISTRY_FILE) -> Registry:
    """Return the registry in a file; raise :class:`RegistryError` if it is unreadable or invalid."""
    try:
        return Registry.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise RegistryError(f"cannot read the registry of models {path} ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RegistryError(f"the registry of models {path} is not valid: {error}") from error


def default_model_dir() -> Path:
    """Return the folder of the default model, which ships with FakeME."""
    registry = read_registry()
    entry = find_entry(registry.default, registry.model)
    if entry.file is None:
        raise RegistryError(
            f"the default model {entry.reference} must ship with FakeME: its entry needs a file"
        )
    return (MODELS_DIR / entry.file).parent


def find_entry(reference: str, entries: tuple[Entry, ...]) -> Entry:
    """Return the entry of ``name`` or ``name@version``.

    Raise :class:`UnknownModelError` if none or several fit.
    """
    matches = [entry for entry in entries if reference in (entry.name, entry.reference)]
    if not matches:
        known = ", ".join(entry.reference for entry in entries)
        raise UnknownModelError(f"no model is named {reference!r}; there are {known}")
    if len(matches) > 1:
        versions = ", ".join(entry.reference for entry in matches)
        raise UnknownModelError(f"{reference!r} has several versions; name one of {versions}")
    return matches[0]


def _replaces(new: Entry, old: Entry) -> bool:
    return new.reference == old.reference or (new.file is not None and new.file == old.file)
