"""`fakeme export-labels`: export moderators' decisions and their media items as a training set."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from pipeline.operations.label_export.folder import ExportFolder
    from pipeline.operations.label_export.run import Summary
    from pipeline.operations.label_export.selection import Candidate

OUT = typer.Argument(
    ..., metavar="OUT", help="The export folder: new, empty, or an earlier export to update."
)
SINCE = typer.Option(
    None,
    "--since",
    formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
    help="Only decisions made at this time (UTC) or later.",
)
AGREE = typer.Option(1, "--min-agreement", min=1, help="Number of moderators who must agree on a post.")
Actor = Annotated[
    str, typer.Option("--as", envvar="USER", help="Name of the actor for the audit.", metavar="NAME")
]


def export_labels(
    actor: Actor, out: Path = OUT, since: datetime | None = SINCE, min_agreement: int = AGREE
) -> None:
    """Write media items that moderators decided to be real or forged to a folder for training.

    Media items with the same content are exported once; those of the same account share a unit. An earlier
    export is updated: files move if the decision changed, and are deleted if the case was reopened.
    """
    from pipeline.operations.label_export.folder import ExportFolder  # noqa: PLC0415 - has slow imports

    folder = ExportFolder.open(out)
    summary = _export(folder, actor, since and since.replace(tzinfo=UTC), min_agreement)
    Console().print(_table(summary))
    print(f"{out}: labels.csv lists the files of the set, left-out.csv what was left out.")


def _export(folder: "ExportFolder", actor: str, since: datetime | None, min_agreement: int) -> "Summary":
    from inference.media import MediaLimits  # noqa: PLC0415 - decoders take a second to import
    from inference.sandbox import DecoderPool  # noqa: PLC0415 - likewise
    from pipeline.consumers.detection.media_fetcher import MediaFetcher  # noqa: PLC0415 - likewise
    from pipeline.consumers.detection.memory_budget import MemoryBudget  # noqa: PLC0415 - likewise
    from pipeline.operations.label_export.run import Export  # noqa: PLC0415 - likewise
    from pipeline.settings import load_settings  # noqa: PLC0415 - likewise
    from storage.database import connect  # noqa: PLC0415 - likewise
    from storage.objects import ObjectStore  # noqa: PLC0415 - likewise

    settings = load_settings()
    limits = MediaLimits(
        max_bytes=settings.limits.max_media_bytes,
        max_pixels=settings.limits.max_pixels,
        max_seconds=settings.limits.max_video_seconds,
    )
    objects = ObjectStore(settings.s3_endpoint, settings.s3_region, *settings.s3_keys)
    fetcher = MediaFetcher(
        objects,
        allowed_buckets=settings.allowed_buckets,
        max_bytes=limits.max_bytes,
        budget=MemoryBudget(limits.max_bytes),
    )
    decoders = DecoderPool(1)
    decode = partial(decoders.decode, limits=limits)
    engine = connect(settings.database_url.get_secret_value(), application="fakeme-export-labels")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:

        def track(candidates: "Sequence[Candidate]") -> "Iterable[Candidate]":
            return progress.track(candidates, description="fetching")

        def warn(line: str) -> None:
            print(line, file=sys.stderr)

        try:
            return Export(engine, fetcher, folder, decode, track, warn).run(actor, since, min_agreement)
        finally:
            decoders.close()
            engine.dispose()


def _table(summary: "Summary") -> Table:
    table = Table("", "count", box=SIMPLE_HEAD)
    table.columns[1].justify = "right"
    for truth, count in sorted(summary.labels.items()):
        table.add_row(f"in the set: {truth}", str(count))
    table.add_row("units", str(summary.units))
    table.add_row("fetched in this run", str(summary.fetched))
    table.add_row("removed from the earlier export", str(summary.withdrawn))
    for reason, count in summary.reasons.most_common():
        table.add_row(f"left out: {reason.replace('_', ' ')}", str(count))
    return table
