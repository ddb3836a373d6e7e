"""Draw the figures of a report as SVG."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.bootstrap import Estimate
from training.evaluation.breakdown import Row
from training.evaluation.figure_style import FAINT, FORGED, FULL, HALF, INK, REAL, SERIES, svg
from training.evaluation.result import ModelResult


def figures(models: Sequence[ModelResult]) -> dict[str, str]:
    """Return all figures by name."""
    drawings = {
        "roc": svg("roc", (HALF, 3.4), lambda figure: _roc(figure, models)),
        "reliability": svg("reliability", (FULL, 3.6), lambda figure: _reliability(figure, models)),
        "scores": svg(
            "scores", (HALF, max(3.4, 0.8 + 1.4 * len(models))), lambda figure: _scores(figure, models)
        ),
        "methods": _dots("methods", FULL, models, lambda model: model.methods, "AUC"),
        "conditions": _dots("conditions", FULL, models, lambda model: model.conditions, "AUC"),
    }
    if any(model.groups for model in models):
        drawings["groups"] = _dots("groups", HALF, models, lambda model: model.groups, "AUC")
        drawings["alarms"] = _dots("alarms", HALF, models, lambda model: model.groups, "FPR at suspect")
    return drawings


def _legend(
    axes: Axes, models: Sequence[ModelResult], location: Literal["lower right", "upper left"]
) -> None:
    if len(models) > 1:
        axes.legend(loc=location)


def _roc(figure: Figure, models: Sequence[ModelResult]) -> None:
    axes = figure.subplots()
    for model, colour in zip(models, _colours(models), strict=True):
        fpr, tpr = zip(*model.shape.roc, strict=True)
        axes.plot(fpr, tpr, color=colour, label=model.name, drawstyle="steps-post")
    axes.set(
        xscale="log",
        xlim=(1e-3, 1),
        ylim=(0, 1.01),
        xlabel="false positive rate",
        ylabel="forgeries detected",
    )
    axes.set_xticks([0.001, 0.01, 0.05, 0.2, 1], ["0.1 %", "1 %", "5 %", "20 %", "100 %"])
    axes.minorticks_off()
    _legend(axes, models, "lower right")


def _reliability(figure: Figure, models: Sequence[ModelResult]) -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    for model, colour in zip(models, _colours(models), strict=True):
        predicted, observed, counts = zip(*model.shape.reliability, strict=True)
        axes.plot(predicted, observed, color=colour, label=model.name)
        sizes = 8 + 90 * np.array(counts) / max(counts)
        axes.scatter(predicted, observed, s=sizes, color=colour, zorder=3, clip_on=False)
    axes.set(
        xlim=(0, 1), ylim=(0, 1.02), xlabel="predicted probability", ylabel="observed share of forgeries"
    )
    _legend(axes, models, "upper left")


def _scores(figure: Figure, models: Sequence[ModelResult]) -> None:
    rows = figure.subplots(len(models), 1, sharex=True, squeeze=False)[:, 0]
    for axes, model in zip(rows, models, strict=True):
        edges = np.linspace(0, 1, len(model.shape.reals) + 1)
        classes = ((model.shape.reals, REAL, "real"), (model.shape.forgeries, FORGED, "forged"))
        for counts, colour, name in classes:
            axes.stairs(counts, edges, fill=True, alpha=0.35, color=colour)
            axes.stairs(counts, edges, color=colour, linewidth=1.4, label=name)
        for name in ("suspect", "tag"):
            threshold = model.thresholds[name]
            axes.axvline(threshold, color=INK, linewidth=1, linestyle=(0, (2, 2)))
            axes.annotate(
                name, (threshold, 1), xycoords=("data", "axes fraction"), ha="right", va="bottom", fontsize=8
            )
        axes.set(xlim=(0, 1), ylabel="pictures")
        axes.set_title(model.name if len(models) > 1 else "")
        axes.grid(visible=False, axis="x")
    rows[0].legend(loc="upper center", ncols=2)
    rows[-1].set_xlabel("probability of forgery")


def _dots(
    name: str,
    width: float,
    models: Sequence[ModelResult],
    rows_of: Callable[[ModelResult], Sequence[Row]],
    measure: str,
) -> str:
    """Return a dot plot: one line for each row, and one dot with its interval for each model."""
    rows = rows_of(models[0])
    height = 0.9 + 0.24 * len(rows) * max(1.0, 0.55 * len(models))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (model, colour) in enumerate(zip(models, _colours(models), strict=True)):
            shift = (number - (len(models) - 1) / 2) * 0.8 / max(len(models), 2)
            estimates: list[Estimate] = [row.measures[measure] for row in rows_of(model)]
            heights = np.arange(len(estimates)) + shift
            lows, highs = [e.low for e in estimates], [e.high for e in estimates]
            axes.hlines(heights, lows, highs, color=colour, alpha=0.55)
            values = [e.value for e in estimates]
            axes.scatter(values, heights, color=colour, s=26, zorder=3, label=model.name)
        axes.set_yticks(range(len(rows)), [_label(row) for row in rows])
        axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel=measure)
        axes.grid(visible=False, axis="y")
        for index in range(1, len(rows)):
            if rows[index].kind != rows[index - 1].kind:
                axes.axhline(index - 0.5, color=FAINT, linewidth=0.8)
        if len(models) > 1:
            figure.legend(loc="outside upper left", ncols=2)

    return svg(name, (width, height), paint)


def _label(row: Row) -> str:
    return f"{row.name} ({row.kind})" if row.kind in {"age", "unseen"} else row.name


def _colours(models: Sequence[ModelResult]) -> list[str]:
    return [SERIES[number % len(SERIES)] for number in range(len(models))]
