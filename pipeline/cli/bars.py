"""What `fakeme evaluate` and `fakeme calibrate` show: how far they are, and what must be reached."""

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from training.evaluation.result import ModelResult

COLOURS = {"pass": "green", "fail": "bold red", "not measured": "dim"}


def measuring() -> Progress:
    """A progress bar for people; where nobody looks, nothing."""
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())


def bars_table(model: "ModelResult") -> Table:
    """One row a requirement: what is wanted, what was found."""
    from training.evaluation.report import number, verdict  # noqa: PLC0415 - jinja2 is an extra

    table = Table("bar", "wanted", "found", "", "to know", title=model.name)
    for bar in model.bars:
        said = verdict(bar)
        table.add_row(bar.name, bar.wanted, number(bar.value), f"[{COLOURS[said]}]{said}", bar.note)
    return table
