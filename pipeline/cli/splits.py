"""`fakeme splits`: prove that what is kept back was not trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from training.leaks import Count, Leak
    from training.splits import Split

EXIT_LEAKS = 1
SHOWN = 50  # a leaking split has thousands of pairs that say the same

commands = typer.Typer(help="Look at the split of preprocessed collections.", no_args_is_help=True)


@commands.callback()
def splits() -> None:
    """Look at the split of preprocessed collections."""


@commands.command()
def check(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Collections that `fakeme preprocess` made.")
    ],
) -> None:
    """Prove that no person, no media and no near-duplicate is on two sides, over all folders together.

    Exits with 0 when nothing leaks, with 1 when something does, with 2 when a folder cannot be read.
    """
    from training.leaks import counts, find_leaks, read_records  # noqa: PLC0415 - numpy and OpenCV

    records = [record for folder in folders for record in read_records(folder)]
    console = Console()
    console.print(_counts_table(counts(records)))
    leaks = find_leaks(records)
    if leaks:
        console.print(_leaks_table(leaks[:SHOWN]))
        console.print(f"{len(leaks)} leaks; the first {min(len(leaks), SHOWN)} are shown")
        raise typer.Exit(EXIT_LEAKS)
    console.print(f"no leak among {len(records)} crops")


def _counts_table(counts: "dict[tuple[str, Split | None], Count]") -> Table:
    table = Table("collection", "side", "units", "media", "real", "forged")
    for (collection, side), count in counts.items():
        shown = "unused: persons of two sides" if side is None else side.value
        numbers = (count.units, count.media, count.real, count.forged)
        table.add_row(Text(collection), shown, *(f"{number:,}" for number in numbers))
    return table


def _leaks_table(leaks: "list[Leak]") -> Table:
    table = Table("shared", "what", "on one side", "on the other", "bits")
    for leak in leaks:
        sides = (f"{crop.side}: {crop.collection}/{crop.name}" for crop in (leak.first, leak.second))
        bits = "" if leak.bits is None else str(leak.bits)
        table.add_row(leak.shared.value, Text(leak.what), *(Text(side) for side in sides), bits)
    return table
