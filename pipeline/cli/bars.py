"""The progress bar and result table of `fakeme evaluate` and `fakeme calibrate`."""

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from training.evaluation.result import ModelResult

COLOURS = {"pass": "green", "fail": "bold red", "not measured": "dim"}


def measuring() -> Progress:
    """Return a progress bar, which is hidden if standard error is not a terminal."""
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())


def bars_table(model: "ModelResult") -> Table:
    """Return a table with one row per requirement: the required and the measured value."""
    from training.evaluation.report import number, verdict  # noqa: PLC0415 - jinja2 is an extra

    table = Table("bar", "required", "measured", "", "note", title=model.name)
    for bar in model.bars:
        result = verdict(bar)
        table.add_row(bar.name, bar.wanted, number(bar.value), f"[{COLOURS[result]}]{result}", bar.note)
    return table
