"""The configuration of a training run, read from a TOML file."""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.networks import DEFAULT_DROPOUT
from training.errors import ConfigError


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSource(_Table):
    """A folder of preprocessed shards and its share of the training pictures."""

    folder: Path
    share: float = Field(default=1.0, gt=0, description="weight relative to the other sources")


class Origin(_Table):
    """Licence and data for the card of the model."""

    licence: str = Field(min_length=1, description="licence of the weights; depends on that of the data")
    data: str = Field(min_length=1, description="description of the training data")


class Phase(_Table):
    """A part of the run with one input size and one augmentation strength."""

    until: float = Field(gt=0, le=1, description="share of the run at which the phase ends")
    size: int = Field(multiple_of=32, gt=0, description="edge of the crops in pixels")
    window: int | None = Field(
        default=None,
        multiple_of=32,
        gt=0,
        description="edge of a window cut from each crop: traces keep their scale at a lower cost",
    )
    strength: float = Field(ge=0, le=1, description="strength of the augmentation")

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window is not None and self.window > self.size:
            raise ValueError(f"window {self.window} is larger than the crops of size {self.size}")
        return self


class TrainingConfig(_Table):
    """All settings of a run. Its length is given by ``epochs`` or, on shared cores, by ``minutes``."""

    network: str
    imagenet: bool = Field(default=True, description="start from ImageNet weights")
    imagenet_weights: Path | None = Field(
        default=None, description="file with the ImageNet weights, if no package provides them"
    )
    attribute_epochs: float = Field(
        default=0.0,
        ge=0,
        description="epochs of pre-training on face attributes, for a start from random weights",
    )
    init: Path | None = Field(default=None, description="folder of a model to start from instead")
    init_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of the initial weights in the exported average (WiSE-FT)",
    )
    dropout: float = Field(default=DEFAULT_DROPOUT, ge=0, lt=1)
    fold_norms: bool = Field(
        default=False, description="train with fixed norm statistics, folded into the convolutions"
    )

    localisation: float = Field(
        default=0.0, ge=0, description="weight of the loss for localising forgeries; 0 disables it"
    )
    mirrored: bool = Field(
        default=False, description="in production, score each crop together with its mirror image"
    )

    origin: Origin = Field(description="licence and data for the model's card")
    data: tuple[DataSource, ...] = Field(min_length=1)
    population: Path | None = Field(
        default=None, description="shards of the population to fine-tune for; data is replayed"
    )
    replay_share: float = Field(
        default=0.3, ge=0, lt=1, description="share of replayed pictures when fine-tuning for a population"
    )

    group_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="weight of a group's photographs relative to others of their collection",
    )

    run: Path = Field(description="folder for state, logs and plots")
    epochs: float | None = Field(
        default=None, gt=0, description="length in epochs of as many pairs as photographs"
    )
    minutes: float | None = Field(default=None, gt=0, description="length in minutes, over all resumptions")
    batch_pairs: int = Field(gt=0, description="pairs per step and process")
    learning_rate: float = Field(gt=0)
    layer_decay: float = Field(
        default=1.0, gt=0, le=1, description="factor of the learning rate from each stage to the one below"
    )
    warmup: float = Field(ge=0, lt=1, description="share of the run")
    weight_decay: float = Field(ge=0)
    ema_decay: float = Field(gt=0, lt=1)
    clip_norm: float = Field(gt=0)
    validate_every: int = Field(default=20_000, gt=0, description="pictures between two validations")
    validation_pairs: int = Field(default=160, gt=0, description="number of fixed pairs per validation")
    seed: int = 0
    phases: tuple[Phase, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _phases_cover_the_run(self) -> Self:
        ends = [phase.until for phase in self.phases]
        if ends != sorted(set(ends)) or ends[-1] != 1.0:
            raise ValueError(f"phases must end one after the other, the last at 1.0; these end at {ends}")
        return self

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.epochs is None) == (self.minutes is None):
            raise ValueError("a run lasts for epochs or for minutes: give one of the two")
        return self

    def phase_at(self, progress: float) -> Phase:
        """Return the phase at a share of the run in [0, 1]."""
        return next((phase for phase in self.phases if progress < phase.until), self.phases[-1])

    def progress(self, pictures: int, seconds: float, photographs: int) -> float:
        """Return the share of the run that is done, at least 1 at its end; a pair is two pictures."""
        if self.minutes is not None:
            return seconds / (self.minutes * 60)
        assert self.epochs is not None
        return pictures / (2 * photographs * self.epochs)


def read_config(path: Path, **changes: object) -> TrainingConfig:
    """Return the configuration of a TOML file with ``changes`` to top-level fields; None changes nothing.

    Raise :class:`~training.errors.ConfigError` if the file cannot be read or is invalid.
    """
    try:
        fields = tomllib.loads(path.read_text())
        overrides = {name: value for name, value in changes.items() if value is not None}
        return TrainingConfig.model_validate(fields | overrides)
    except OSError as error:
        raise ConfigError(
            f"cannot read the run's file {path} ({error.strerror}); give a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"{path} does not describe a run: {error}") from error
