"""What a sweep varies, between which bounds, and how a point becomes a run. Pure.

A trial's ``epochs`` are passes over the photographs, or, where one is more than can be paid for, its length
beside the longest trial's: with ``minutes`` a trial of 20 epochs lasts that long, one of 5 a quarter of it.
Rate and augmentation go through their whole schedule in either case.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.config import TrainingConfig

if TYPE_CHECKING:
    from optuna import Trial


@dataclass(frozen=True)
class Range:
    """Bounds of one quantity, both included; ``log`` where factors matter rather than differences."""

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


def draw(trial: "Trial") -> dict[str, float]:
    """Return the point of a trial."""
    return {
        name: trial.suggest_int(name, int(bounds.low), int(bounds.high))
        if bounds.whole
        else trial.suggest_float(name, bounds.low, bounds.high, log=bounds.log)
        for name, bounds in SPACE.items()
    }


def length(epochs: float, minutes: float | None) -> dict[str, float | None]:
    """Return how long a run of so many epochs lasts if the longest may last ``minutes``, as a run's keys."""
    if minutes is None:
        return {"epochs": epochs, "minutes": None}
    return {"epochs": None, "minutes": minutes * epochs / SPACE["epochs"].high}


def trial_config(
    base: TrainingConfig, point: dict[str, float], folder: Path, minutes: float | None
) -> TrainingConfig:
    """Return the run of a trial in ``folder``; ``minutes`` is how long the longest trial may last."""
    changes = point | length(point["epochs"], minutes) | {"run": folder}
    return TrainingConfig.model_validate(base.model_dump() | changes)
