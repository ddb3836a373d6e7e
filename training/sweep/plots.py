"""Plot a sweep: trial history, parallel coordinates and hyperparameter importances."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial, TrialState

from training.plots import BLUE, GREY
from training.sweep.space import SPACE, Range

COLOURS = "viridis"


def draw_sweep(trials: Sequence[FrozenTrial], importances: Mapping[str, float], path: Path) -> None:
    """Write history, parallel coordinates and importances (sum 1, or empty) side by side as an SVG."""
    figure = Figure(figsize=(15, 4.2), layout="constrained")
    history, coordinates, bars = figure.subplots(1, 3, width_ratios=(1, 1.5, 0.8))
    finished = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    _history(history, trials, finished)
    _coordinates(figure, coordinates, finished)
    _importances(bars, importances)
    for axes in (history, coordinates, bars):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def _history(axes: Any, trials: Sequence[FrozenTrial], finished: Sequence[FrozenTrial]) -> None:
    early = [trial for trial in trials if trial.state is TrialState.PRUNED and trial.intermediate_values]
    last = [trial.intermediate_values[max(trial.intermediate_values)] for trial in early]
    axes.scatter([trial.number for trial in early], last, color=GREY, marker="x", label="pruned")
    numbers, values = [trial.number for trial in finished], [trial.value or 0.0 for trial in finished]
    axes.scatter(numbers, values, color=BLUE, label="finished")
    axes.step(
        numbers, np.maximum.accumulate(values), color=BLUE, where="post", alpha=0.5, label="best so far"
    )
    axes.set(title="AUC on held-out people", xlabel="trial")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)


def _coordinates(figure: Any, axes: Any, finished: Sequence[FrozenTrial]) -> None:
    """Draw one line for each finished trial, with the best on top."""
    values = [trial.value or 0.0 for trial in finished]
    low = min(values, default=0.0)
    high = max([*values, low + 0.01])  # the colour bar needs a non-empty range
    normalise, colour = Normalize(low, high), colormaps[COLOURS]
    for trial, value in sorted(zip(finished, values, strict=True), key=lambda pair: pair[1]):
        heights = [axis_position(trial.params[name], bounds) for name, bounds in SPACE.items()]
        axes.plot(range(len(SPACE)), heights, color=colour(float(normalise(value))), linewidth=1.6, alpha=0.8)
    axes.set(title="Hyperparameters by AUC", ylim=(-0.02, 1.02), yticks=[])
    ends = [f"{name.replace('_', ' ')}\n{bounds.low:g} to {bounds.high:g}" for name, bounds in SPACE.items()]
    axes.set_xticks(range(len(SPACE)), ends)
    axes.grid(axis="x", alpha=0.5)
    figure.colorbar(ScalarMappable(normalise, colour), ax=axes, label="AUC")


def axis_position(value: float, bounds: Range) -> float:
    """Return the position of a value between its bounds, from 0 to 1, on a logarithmic axis if ``log``."""
    scale = math.log if bounds.log else float
    low, high = scale(bounds.low), scale(bounds.high)
    return (scale(value) - low) / (high - low)


def _importances(axes: Any, importances: Mapping[str, float]) -> None:
    axes.set(title="Importance (PED-ANOVA)", xlim=(0, 1))
    names = sorted(importances, key=lambda name: importances[name])
    axes.barh([name.replace("_", " ") for name in names], [importances[name] for name in names], color=BLUE)
    if not names:
        axes.set_yticks([])
        message = "too few finished trials"
        axes.text(0.5, 0.5, message, ha="center", va="center", color=GREY, transform=axes.transAxes)
