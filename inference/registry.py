"""The registry of models, registry.toml: which there are, where their weights lie, what they are good for.

`fakeme models register` writes it from the cards of model folders, so that nothing is said twice by hand; of
a model whose weights are elsewhere (``url``) it holds all that its card will say.
"""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.card import ModelCard
from inference.errors import RegistryError, UnknownModelError

MODELS_DIR = Path(__file__).resolve().parent.parent / "models"  # the same in a checkout and in a wheel
REGISTRY_FILE = MODELS_DIR / "registry.toml"

_SAME_AS_CARD = ("name", "version", "sha256", "licence", "data", "metrics")

Value = bool | int | float | str


class Purpose(StrEnum):
    """What a model is for."""

    DETECTOR = "detector"


class Entry(BaseModel):
    """One model; ``file`` (relative to the registry's folder) or ``url`` says where its weights are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w.-]+$")
    version: str = Field(pattern=r"^[\w.+-]+$")
    purpose: Purpose = Purpose.DETECTOR
    file: str | None = Field(default=None, pattern=r"\.safetensors$")
    url: str | None = Field(default=None, pattern=r"\.safetensors$", description="http(s), file, or a path")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the weights")
    licence: str
    data: str
    thresholds: dict[str, float] = Field(description="tag, suspect: as in the card")
    serving: dict[str, Value] = Field(description="what else the card says: network, crops, calibration")
    metrics: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _lies_in_one_place(self) -> Self:
        if (self.file is None) == (self.url is None):
            raise ValueError(f"{self.reference} must have either file or url")
        return self

    @property
    def reference(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def card(self) -> ModelCard:
        """The card of this model; raises :class:`RegistryError` where the entry makes none."""
        thresholds = {f"{name}_threshold": value for name, value in self.thresholds.items()}
        try:
            return ModelCard.model_validate(
                {**self.model_dump(include=set(_SAME_AS_CARD)), **thresholds, **self.serving}
            )
        except ValidationError as error:
            raise RegistryError(f"{self.reference} in the registry makes no valid card: {error}") from error


def entry_of(card: ModelCard, *, file: str | None = None, url: str | None = None) -> Entry:
    """The entry of a detector, from its card; raises :class:`RegistryError` for a name no path can have."""
    rest = card.model_dump()
    same = {name: rest.pop(name) for name in _SAME_AS_CARD}
    thresholds = {name: rest.pop(f"{name}_threshold") for name in ("tag", "suspect")}
    try:
        return Entry(**same, file=file, url=url, thresholds=thresholds, serving=rest)
    except ValidationError as error:
        raise RegistryError(f"the card of {card.reference!r} makes no valid entry: {error}") from error


class Registry(BaseModel):
    """All entries; ``default`` names the one that judges where settings name none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: str
    model: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _references_are_clear(self) -> Self:
        references = [entry.reference for entry in self.model]
        if len(set(references)) < len(references):
            raise ValueError("two entries have the same name and version")
        if self.default not in references:
            raise ValueError(f"default is {self.default!r}, which is none of {', '.join(references)}")
        return self

    def with_entry(self, entry: Entry, *, default: bool = False) -> "Registry":
        """This registry with ``entry`` at its end, and without those that it replaces.

        Those are of the same name and version, or of the same file. If the default is among them, or if
        ``default`` says so, it judges from now on.
        """
        kept = [one for one in self.model if not _replaces(entry, one)]
        stays = not default and self.default in {one.reference for one in kept}
        return Registry(default=self.default if stays else entry.reference, model=(*kept, entry))


def read_registry(path: Path = REGISTRY_FILE) -> Registry:
    """The registry in a file; raises :class:`RegistryError` saying what is wrong with it."""
    try:
        return Registry.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise RegistryError(f"cannot read the registry of models {path} ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RegistryError(f"the registry of models {path} is not valid: {error}") from error


def default_model_dir() -> Path:
    """The folder of the model that judges by default, which ships with FakeME."""
    registry = read_registry()
    entry = find_one(registry.default, registry.model)
    if entry.file is None:
        raise RegistryError(f"the default model {entry.reference} must be a shipped one, with a file")
    return (MODELS_DIR / entry.file).parent


def find_one(reference: str, entries: tuple[Entry, ...]) -> Entry:
    """The entry of ``name`` or ``name@version``; raises :class:`UnknownModelError` unless there is one."""
    found = [entry for entry in entries if reference in (entry.name, entry.reference)]
    if not found:
        known = ", ".join(entry.reference for entry in entries)
        raise UnknownModelError(f"no model is named {reference!r}; there are {known}")
    if len(found) > 1:
        versions = ", ".join(entry.reference for entry in found)
        raise UnknownModelError(f"{reference!r} has several versions: give one of {versions}")
    return found[0]


def _replaces(new: Entry, old: Entry) -> bool:
    return new.reference == old.reference or (new.file is not None and new.file == old.file)
