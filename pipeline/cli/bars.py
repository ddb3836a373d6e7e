"""The table of what a detector must reach, as `fakeme evaluate` and `fakeme calibrate` print it."""

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from training.evaluation.result import ModelResult

COLOURS = {"pass": "green", "short": "bold red", "not measured": "dim"}


def bars_table(model: "ModelResult") -> Table:
    """One row a requirement: what is wanted, what was found."""
    from training.evaluation.report import number, verdict  # noqa: PLC0415 - jinja2 is an extra

    table = Table("bar", "wanted", "found", "", "to know", title=model.name)
    for bar in model.bars:
        said = verdict(bar)
        table.add_row(bar.name, bar.wanted, number(bar.value), f"[{COLOURS[said]}]{said}", bar.note)
    return table
