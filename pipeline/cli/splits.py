"""`fakeme splits`: check that held-out data does not occur in the training data."""

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
SHOWN = 50  # a faulty split has thousands of similar leaks

commands = typer.Typer(help="Check the split of preprocessed collections.", no_args_is_help=True)


@commands.callback()
def splits() -> None:
    """Check the split of preprocessed collections."""


@commands.command()
def check(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Output folders of `fakeme preprocess`.")
    ],
) -> None:
    """Check that no person, media item or near-duplicate is on two sides of the split, over all folders.

    Exit code 0: no leaks; 1: leaks; 2: a folder cannot be read.
    """
    from training.leaks import counts, find_leaks, read_records  # noqa: PLC0415 - numpy and OpenCV

    records = [record for folder in folders for record in read_records(folder)]
    console = Console()
    console.print(_counts_table(counts(records)))
    leaks = find_leaks(records)
    if leaks:
        console.print(_leaks_table(leaks[:SHOWN]))
        console.print(f"{len(leaks)} leaks, of which the first {min(len(leaks), SHOWN)} are shown")
        raise typer.Exit(EXIT_LEAKS)
    console.print(f"no leak among {len(records)} crops")


def _counts_table(counts: "dict[tuple[str, Split | None], Count]") -> Table:
    table = Table("collection", "side", "units", "media", "real", "forged")
    for (collection, side), count in counts.items():
        label = "unused: people on two sides" if side is None else side.value
        numbers = (count.units, count.media, count.real, count.forged)
        table.add_row(Text(collection), label, *(f"{number:,}" for number in numbers))
    return table


def _leaks_table(leaks: "list[Leak]") -> Table:
    table = Table("shared", "what", "on one side", "on the other side", "bits")
    for leak in leaks:
        sides = (f"{crop.side}: {crop.collection}/{crop.name}" for crop in (leak.first, leak.second))
        bits = "" if leak.bits is None else str(leak.bits)
        table.add_row(leak.shared.value, Text(leak.what), *(Text(side) for side in sides), bits)
    return table
