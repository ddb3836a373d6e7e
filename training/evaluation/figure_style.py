"""The common style of report figures: transparent background, and the text colour of the page."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, FAINT = "#010203", "#040506"  # placeholders, replaced by the page's CSS colours when the SVG is written
SERIES = (
    "#2f7ed8",
    "#e07b39",
    "#2a9d7f",
    "#b0569e",
    "#8a7a2f",
    "#6b7fa6",
)  # legible on light and dark backgrounds
REAL, FORGED = SERIES[2], SERIES[1]
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # keep text as text, in the page's font
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
FULL, HALF = 6.4, 4.6  # inches: full page width, and two figures side by side


def svg(name: str, size: tuple[float, float], paint: Callable[[Figure], None]) -> str:
    """Return the figure as an ``<svg>`` element without a fixed size, so that it fills its container."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size)
        paint(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    element = buffer.getvalue()[buffer.getvalue().index("<svg") :]
    element = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 role="img"', element, count=1)
    return element.replace(INK, "currentColor").replace(FAINT, "var(--faint, #999)")
