"""One training run as a TOML file: what is trained, on what, for how long."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.network import DEFAULT_DROPOUT


class Phase(BaseModel):
    """A stretch of the run with one input size and one strength of augmentation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: float = Field(gt=0, le=1, description="share of the run at which the phase ends")
    size: int = Field(multiple_of=32, gt=0, description="edge of the crops in pixels")
    strength: float = Field(ge=0, le=1, description="of the augmentation")


class TrainingConfig(BaseModel):
    """Everything that decides a run; the run's length is time, since the cores are shared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str
    imagenet: bool = Field(default=True, description="start from ImageNet weights, where a package has them")
    dropout: float = Field(default=DEFAULT_DROPOUT, ge=0, lt=1)
    people: Path = Field(description="folder of the set with known persons")
    faces: Path = Field(description="folder of the aligned faces")
    faces_index: Path = Field(description="written by training.prepare")
    run: Path = Field(description="folder for the state and the log")
    minutes: float = Field(gt=0, description="of training, all resumptions together")
    batch_pairs: int = Field(gt=0, description="pairs in a step and process")
    learning_rate: float = Field(gt=0)
    warmup: float = Field(ge=0, lt=1, description="share of the run")
    weight_decay: float = Field(ge=0)
    ema_decay: float = Field(gt=0, lt=1)
    clip_norm: float = Field(gt=0)
    seed: int = 0
    phases: tuple[Phase, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _phases_cover_the_run(self) -> Self:
        ends = [phase.until for phase in self.phases]
        if ends != sorted(set(ends)) or ends[-1] != 1.0:
            raise ValueError(f"phases must end one after the other, the last at 1.0; these end at {ends}")
        return self

    def phase_at(self, progress: float) -> Phase:
        """Return the phase at a share of the run in [0, 1]."""
        return next((phase for phase in self.phases if progress < phase.until), self.phases[-1])


def read_config(path: Path) -> TrainingConfig:
    """Return the run described in a TOML file."""
    return TrainingConfig.model_validate(tomllib.loads(path.read_text()))
