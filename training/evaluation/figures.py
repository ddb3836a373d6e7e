"""The figures of a report as SVG: one hand, no background, ink that follows the page's colours."""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.bootstrap import Estimate
from training.evaluation.result import ModelResult
from training.evaluation.rows import Row

INK, FAINT = "#010203", "#040506"  # stand for the page's own colours, put in when the SVG is written
SERIES = ("#2f7ed8", "#e07b39", "#2a9d7f", "#b0569e", "#8a7a2f", "#6b7fa6")  # legible on white and on black
REAL, FORGED = SERIES[2], SERIES[1]
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "font.size": 10,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "grid.alpha": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
FULL, HALF = 6.4, 4.6  # inches: as wide as the page, and two beside each other; text comes out alike


def svg(name: str, size: tuple[float, float], paint: Callable[[Figure], None]) -> str:
    """Return the figure as an ``<svg>`` element without size, so that it fills its place."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size)
        paint(figure)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = written.getvalue()[written.getvalue().index("<svg") :]
    drawn = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawn, count=1)
    drawn = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 role="img"', drawn, count=1)
    return drawn.replace(INK, "currentColor").replace(FAINT, "var(--faint, #999)")


def figures(models: Sequence[ModelResult]) -> dict[str, str]:
    """Return every figure by its name."""
    made = {
        "roc": svg("roc", (HALF, 3.4), lambda figure: _roc(figure, models)),
        "reliability": svg("reliability", (FULL, 3.6), lambda figure: _reliability(figure, models)),
        "scores": svg(
            "scores", (HALF, max(3.4, 0.8 + 1.4 * len(models))), lambda figure: _scores(figure, models)
        ),
        "methods": _dots("methods", FULL, models, lambda model: model.methods, "AUC"),
        "conditions": _dots("conditions", FULL, models, lambda model: model.conditions, "AUC"),
    }
    if any(model.groups for model in models):
        made["groups"] = _dots("groups", HALF, models, lambda model: model.groups, "AUC")
        made["alarms"] = _dots("alarms", HALF, models, lambda model: model.groups, "FPR at suspect")
    return made


def _legend(axes: Axes, models: Sequence[ModelResult], where: Literal["lower right", "upper left"]) -> None:
    if len(models) > 1:
        axes.legend(loc=where)


def _roc(figure: Figure, models: Sequence[ModelResult]) -> None:
    axes = figure.subplots()
    for model, colour in zip(models, _colours(models), strict=True):
        rates, finds = zip(*model.shape.roc, strict=True)
        axes.plot(rates, finds, color=colour, label=model.name, drawstyle="steps-post")
    axes.set(xscale="log", xlim=(1e-3, 1), ylim=(0, 1.01), xlabel="false positives", ylabel="forgeries found")
    axes.set_xticks([0.001, 0.01, 0.05, 0.2, 1], ["0.1 %", "1 %", "5 %", "20 %", "100 %"])
    axes.minorticks_off()
    _legend(axes, models, "lower right")


def _reliability(figure: Figure, models: Sequence[ModelResult]) -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    for model, colour in zip(models, _colours(models), strict=True):
        said, true, counts = zip(*model.shape.reliability, strict=True)
        axes.plot(said, true, color=colour, label=model.name)
        axes.scatter(
            said, true, s=8 + 90 * np.array(counts) / max(counts), color=colour, zorder=3, clip_on=False
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="probability given", ylabel="share forged")
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
            place = model.thresholds[name]
            axes.axvline(place, color=INK, linewidth=1, linestyle=(0, (2, 2)))
            axes.annotate(
                name, (place, 1), xycoords=("data", "axes fraction"), ha="right", va="bottom", fontsize=8
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
    """Return a figure with a line a row and a dot with its interval a model."""
    rows = rows_of(models[0])
    height = 0.9 + 0.24 * len(rows) * max(1.0, 0.55 * len(models))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (model, colour) in enumerate(zip(models, _colours(models), strict=True)):
            shift = (number - (len(models) - 1) / 2) * 0.8 / max(len(models), 2)
            found: list[Estimate] = [row.measures[measure] for row in rows_of(model)]
            places = np.arange(len(found)) + shift
            axes.hlines(places, [e.low for e in found], [e.high for e in found], color=colour, alpha=0.55)
            axes.scatter([e.value for e in found], places, color=colour, s=26, zorder=3, label=model.name)
        axes.set_yticks(range(len(rows)), [_label(row) for row in rows])
        axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel=measure)
        axes.grid(visible=False, axis="y")
        for place in range(1, len(rows)):
            if rows[place].kind != rows[place - 1].kind:
                axes.axhline(place - 0.5, color=FAINT, linewidth=0.8)
        if len(models) > 1:
            figure.legend(loc="outside upper left", ncols=2)

    return svg(name, (width, height), paint)


def _label(row: Row) -> str:
    return f"{row.name} ({row.kind})" if row.kind in {"age", "unseen"} else row.name


def _colours(models: Sequence[ModelResult]) -> list[str]:
    return [SERIES[number % len(SERIES)] for number in range(len(models))]
