"""Plot the training loss and the validation metrics of a run."""

from pathlib import Path
from typing import Any

from training.errors import MissingPackageError

BLUE, ORANGE, GREEN, GREY = "#2b6cb0", "#c05621", "#2f855a", "#4a5568"
SMOOTHING = 0.9  # factor of the moving average of the noisy training loss


def draw_run(history: list[dict[str, float]], path: Path) -> None:
    """Plot the lines of ``history.jsonl`` as an SVG: loss on the left, accuracy and AUC on the right.

    Raise :class:`~training.errors.MissingPackageError` if matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (of the extra `train`)
    except ImportError as error:
        raise MissingPackageError("matplotlib is missing: install fakeme[train]") from error
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    _curve(left, history, "train/loss", "training", GREY, smooth=True)
    _curve(left, history, "train/cells", "training, localisation", GREEN, smooth=True)
    _curve(left, history, "validation/loss", "held-out people", BLUE)
    left.set(title="Loss", ylim=(0, None))
    _curve(right, history, "validation/auc", "AUC", BLUE)
    _curve(right, history, "validation/accuracy", "accuracy", ORANGE)
    right.set(title="On held-out people", ylim=(0.5, 1.0))
    for axes in (left, right):
        axes.set_xlabel("training pictures")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def _curve(
    axes: Any, history: list[dict[str, float]], name: str, label: str, colour: str, *, smooth: bool = False
) -> None:
    points = [(line["pictures"], line[name]) for line in history if name in line]
    if not points:
        return
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    if smooth:
        axes.plot(xs, ys, color=colour, alpha=0.25, linewidth=0.8)
        ys = _smoothed(ys)
    axes.plot(xs, ys, color=colour, label=label, linewidth=1.6, marker=None if smooth else ".")


def _smoothed(values: list[float]) -> list[float]:
    mean, smoothed = values[0], []
    for value in values:
        mean = SMOOTHING * mean + (1 - SMOOTHING) * value
        smoothed.append(mean)
    return smoothed
