"""`fakeme preprocess`: a collection of pictures or videos to shards of face crops."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from training.preprocess.readers import READERS

if TYPE_CHECKING:
    from training.preprocess.run import Preprocessing, Summary

REFRESH_SECONDS = 300.0  # the rate is over this much of the past: parts come in lumps


def preprocess(
    source: Annotated[Path, typer.Argument(help="Folder or archive of the collection.")],
    folder: Annotated[
        Path, typer.Argument(metavar="OUT", help="Where shards and index go; one collection each.")
    ],
    *,
    layout: Annotated[str, typer.Option(help=f"How the collection lies: {', '.join(READERS)}.")],
    size: Annotated[int, typer.Option(min=32, max=1024, help="Edge of a crop in pixels.")] = 224,
    margin: Annotated[
        float, typer.Option(min=0.0, max=3.0, help="By how much a crop is longer than the face.")
    ] = 0.6,
    frames: Annotated[int, typer.Option(min=1, help="Frames of a video, spread evenly.")] = 16,
    faces: Annotated[int, typer.Option(min=1, help="Faces of a frame, largest first.")] = 1,
    min_face: Annotated[float, typer.Option(help="Shorter edge in pixels of the smallest face kept.")] = 56.0,
    min_sharpness: Annotated[
        float, typer.Option(help="Variance of the Laplacian below which a face is blurred.")
    ] = 12.0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; else one a core.")] = os.cpu_count() or 1,
    device: Annotated[str, typer.Option(help="Where faces are looked for: auto, cpu, cuda.")] = "cpu",
) -> None:
    """Find the faces in a collection, cut them, judge them, and write shards with an index.

    Stopped anywhere, the same command goes on where it was. Files that cannot be read are named in
    OUT/failures.csv and passed over.
    """
    from training.preprocess.options import Options  # noqa: PLC0415 - with the next, seconds of imports
    from training.preprocess.run import Preprocessing  # noqa: PLC0415 - torch takes seconds to import

    options = Options(layout, size, margin, frames, faces, min_face, min_sharpness)
    with Preprocessing(source, folder, options) as preprocessing:
        _work(preprocessing, workers, device)
        summary = preprocessing.finish()
    Console().print(_table(summary, folder))


def _work(preprocessing: "Preprocessing", workers: int, device: str) -> None:
    """Do what is pending, with a progress bar on standard error."""
    pending = preprocessing.pending()
    done = len(preprocessing.plan.media) - len(pending)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, speed_estimate_period=REFRESH_SECONDS) as progress:
        task = progress.add_task("media", total=len(preprocessing.plan.media), completed=done)
        for batch in preprocessing.work(pending, workers, device):
            for one in (one for one in batch if one.failure):
                progress.console.print(Text(f"passed over {one.path}: {one.failure}"), soft_wrap=True)
            progress.advance(task, len(batch))


class _Rate(ProgressColumn):
    """Media a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


def _table(summary: "Summary", folder: Path) -> Table:
    table = Table("what", "count", title=str(folder))
    table.add_row("media", f"{summary.media:,}")
    table.add_row("crops", f"{summary.crops:,}")
    table.add_row("shards", f"{summary.shards:,}")
    for reason, count in summary.rejected.most_common():
        table.add_row(f"frames or faces left out: {reason}", f"{count:,}")
    table.add_row("media that failed (failures.csv)", f"{summary.failed:,}")
    table.add_row("files passed over (failures.csv)", f"{summary.skipped:,}")
    return table
