"""`fakeme preprocess`: convert a collection of pictures or videos to shards of face crops."""

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

RATE_WINDOW_SECONDS = 300.0  # long, because results arrive in batches


def preprocess(
    source: Annotated[Path, typer.Argument(help="Folder or archive of the collection.")],
    folder: Annotated[
        Path, typer.Argument(metavar="OUT", help="Output folder for shards and index; one per collection.")
    ],
    *,
    layout: Annotated[str, typer.Option(help=f"Layout of the collection: {', '.join(READERS)}.")],
    size: Annotated[int, typer.Option(min=32, max=1024, help="Edge length of a crop in pixels.")] = 224,
    margin: Annotated[
        float,
        typer.Option(min=0.0, max=3.0, help="How much longer a crop is than the face, relative to the face."),
    ] = 0.6,
    frames: Annotated[int, typer.Option(min=1, help="Frames per video, evenly spaced.")] = 16,
    faces: Annotated[int, typer.Option(min=1, help="Maximum faces per frame, largest first.")] = 1,
    min_face: Annotated[
        float, typer.Option(help="Minimum length in pixels of the shorter edge of a face.")
    ] = 56.0,
    min_sharpness: Annotated[
        float, typer.Option(help="Minimum sharpness of a face (variance of the Laplacian).")
    ] = 12.0,
    workers: Annotated[
        int, typer.Option(min=1, help="Number of processes; default one per core.")
    ] = os.cpu_count() or 1,
    device: Annotated[str, typer.Option(help="Device for face detection: auto, cpu, cuda.")] = "cpu",
) -> None:
    """Detect, crop and filter the faces of a collection, and write shards with an index.

    After an interruption, the same command continues where it stopped. Unreadable files are skipped and
    listed in OUT/failures.csv.
    """
    from training.preprocess.options import Options  # noqa: PLC0415 - takes seconds to import
    from training.preprocess.run import Preprocessing  # noqa: PLC0415 - torch takes seconds to import

    options = Options(layout, size, margin, frames, faces, min_face, min_sharpness)
    with Preprocessing(source, folder, options) as preprocessing:
        _work(preprocessing, workers, device)
        summary = preprocessing.finish()
    Console().print(_table(summary, folder))


def _work(preprocessing: "Preprocessing", workers: int, device: str) -> None:
    """Process the pending media items, with a progress bar on standard error."""
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
    with Progress(*columns, console=console, speed_estimate_period=RATE_WINDOW_SECONDS) as progress:
        task = progress.add_task("media", total=len(preprocessing.plan.media), completed=done)
        for batch in preprocessing.work(pending, workers, device):
            for result in (result for result in batch if result.failure):
                progress.console.print(Text(f"skipped {result.path}: {result.failure}"), soft_wrap=True)
            progress.advance(task, len(batch))


class _Rate(ProgressColumn):
    """Media items per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


def _table(summary: "Summary", folder: Path) -> Table:
    table = Table("", "count", title=str(folder))
    table.add_row("media", f"{summary.media:,}")
    table.add_row("crops", f"{summary.crops:,}")
    table.add_row("shards", f"{summary.shards:,}")
    for reason, count in summary.rejected.most_common():
        table.add_row(f"frames or faces left out: {reason}", f"{count:,}")
    table.add_row("media that failed (failures.csv)", f"{summary.failed:,}")
    table.add_row("files skipped (failures.csv)", f"{summary.skipped:,}")
    return table
