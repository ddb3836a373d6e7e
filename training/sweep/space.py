"""The search space of a sweep, and how a point of it becomes a run. Pure functions.

A trial's ``epochs`` are passes over the photographs. If a pass takes too long, ``minutes`` sets the duration
of the longest trial, and ``epochs`` are relative: with 20 epochs a trial lasts ``minutes``, with 5 a quarter
of that. In both cases learning rate and augmentation complete their schedules.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.config import TrainingConfig

if TYPE_CHECKING:
    from optuna import Trial


@dataclass(frozen=True)
class Range:
    """Inclusive bounds of one hyperparameter; ``log`` for a logarithmic scale, ``whole`` for integers."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


# The ranges of the origin project (its report: learning rate 0.05-0.0001, weight decay 0.01-0.005, ...).
SPACE = {
    "learning_rate": Range(1e-4, 5e-2, log=True),
    "weight_decay": Range(5e-3, 1e-2, log=True),
    "dropout": Range(0.2, 0.75),
    "epochs": Range(2, 20, whole=True),
}


def sample_point(trial: "Trial") -> dict[str, float]:
    """Return the point of the search space that the trial suggests."""
    return {
        name: trial.suggest_int(name, int(bounds.low), int(bounds.high))
        if bounds.whole
        else trial.suggest_float(name, bounds.low, bounds.high, log=bounds.log)
        for name, bounds in SPACE.items()
    }


def run_length(epochs: float, minutes: float | None) -> dict[str, float | None]:
    """Return the configuration values that set a run's length; ``minutes`` is that of the longest trial."""
    if minutes is None:
        return {"epochs": epochs, "minutes": None}
    return {"epochs": None, "minutes": minutes * epochs / SPACE["epochs"].high}


def trial_config(
    base: TrainingConfig, point: dict[str, float], folder: Path, minutes: float | None
) -> TrainingConfig:
    """Return the configuration of a trial in ``folder``; ``minutes`` is the duration of the longest trial."""
    changes = point | run_length(point["epochs"], minutes) | {"run": folder}
    return TrainingConfig.model_validate(base.model_dump() | changes)
