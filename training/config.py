"""One training run as a TOML file: what is trained, on what, for how long."""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.networks import DEFAULT_DROPOUT
from training.errors import ConfigError


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSource(_Table):
    """A folder of preprocessed shards, and how much of the training is drawn from it."""

    folder: Path
    share: float = Field(default=1.0, gt=0, description="by weight beside the other sources")


class Origin(_Table):
    """What the card of the model will say besides numbers."""

    licence: str = Field(min_length=1, description="of the weights; that of the data decides")
    data: str = Field(min_length=1, description="what it was trained on")


class Phase(_Table):
    """A stretch of the run with one input size and one strength of augmentation."""

    until: float = Field(gt=0, le=1, description="share of the run at which the phase ends")
    size: int = Field(multiple_of=32, gt=0, description="edge of the crops in pixels")
    window: int | None = Field(
        default=None,
        multiple_of=32,
        gt=0,
        description="edge of a part cut from each crop: traces keep their scale, and it costs less than all",
    )
    strength: float = Field(ge=0, le=1, description="of the augmentation")

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window is not None and self.window > self.size:
            raise ValueError(f"window {self.window} is larger than the crops of size {self.size}")
        return self


class TrainingConfig(_Table):
    """Everything that decides a run. It lasts for ``epochs`` or, where cores are shared, for ``minutes``."""

    network: str
    imagenet: bool = Field(default=True, description="start from ImageNet weights, where they can be had")
    imagenet_weights: Path | None = Field(
        default=None, description="file with them, where no package has any"
    )
    attribute_epochs: float = Field(
        default=0.0,
        ge=0,
        description="of a warm-up on the faces' attributes, for a start from random weights",
    )
    init: Path | None = Field(default=None, description="folder of a model to start from instead")
    init_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="of the weights it started from in what is shipped, beside those it learned (WiSE-FT)",
    )
    dropout: float = Field(default=DEFAULT_DROPOUT, ge=0, lt=1)
    fold_norms: bool = Field(
        default=False, description="train with the norms' statistics fixed and folded into the convolutions"
    )

    localisation: float = Field(
        default=0.0, ge=0, description="weight of also learning where a picture is forged; 0: not at all"
    )
    mirrored: bool = Field(
        default=False, description="in service, judge each crop together with its mirror image"
    )

    origin: Origin = Field(description="of the model that comes of the run")
    data: tuple[DataSource, ...] = Field(min_length=1)
    population: Path | None = Field(
        default=None, description="shards of the people to tune for; data is replayed"
    )
    replay_share: float = Field(
        default=0.3, ge=0, lt=1, description="of the pictures, when tuning for a population"
    )

    group_weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="how often a group's photographs are drawn beside the others of their collection",
    )

    run: Path = Field(description="folder for state, logs and plots")
    epochs: float | None = Field(
        default=None, gt=0, description="one epoch draws as many pairs as photographs"
    )
    minutes: float | None = Field(default=None, gt=0, description="of training, all resumptions together")
    batch_pairs: int = Field(gt=0, description="pairs in a step and process")
    learning_rate: float = Field(gt=0)
    layer_decay: float = Field(
        default=1.0, gt=0, le=1, description="of the rate from each stage to the one below"
    )
    warmup: float = Field(ge=0, lt=1, description="share of the run")
    weight_decay: float = Field(ge=0)
    ema_decay: float = Field(gt=0, lt=1)
    clip_norm: float = Field(gt=0)
    validate_every: int = Field(
        default=20_000, gt=0, description="pictures between two looks at held-out people"
    )
    validation_pairs: int = Field(default=160, gt=0, description="fixed pairs at each look")
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
        """Return the share of the run that is done, 1 or more at its end; a pair is two pictures."""
        if self.minutes is not None:
            return seconds / (self.minutes * 60)
        assert self.epochs is not None
        return pictures / (2 * photographs * self.epochs)


def read_config(path: Path, **changes: object) -> TrainingConfig:
    """Return the run described in a TOML file, with ``changes`` to its top level; None changes nothing.

    Raises :class:`~training.errors.ConfigError`.
    """
    try:
        described = tomllib.loads(path.read_text())
        wanted = {name: value for name, value in changes.items() if value is not None}
        return TrainingConfig.model_validate(described | wanted)
    except OSError as error:
        raise ConfigError(
            f"cannot read the run's file {path} ({error.strerror}); give a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"{path} does not describe a run: {error}") from error
