"""`fakeme export-labels`: moderators' decisions with their media, as a training set."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
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

OUT = typer.Argument(..., metavar="OUT", help="The export folder: new, empty, or an older export to extend.")
SINCE = typer.Option(
    None, "--since", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only decisions from then on (UTC)."
)
AGREE = typer.Option(1, "--min-agreement", min=1, help="How many moderators must say the same of a post.")
Actor = Annotated[
    str, typer.Option("--as", envvar="USER", help="Who exports, for the audit.", metavar="NAME")
]


def export_labels(
    actor: Actor, out: Path = OUT, since: datetime | None = SINCE, min_agreement: int = AGREE
) -> None:
    """Write what moderators found real or forged into a folder that training reads.

    Media with the same content count once, and those of one account or near-duplicate stay in one unit. An
    older export is brought up to date: what was decided otherwise moves, what is doubted again leaves.
    """
    from pipeline.operations.label_export.folder import ExportFolder  # noqa: PLC0415 - heavy imports behind it

    folder = ExportFolder.open(out)
    summary = _export(folder, actor, since and since.replace(tzinfo=UTC), min_agreement)
    Console().print(_table(summary))
    print(f"{out}: labels.csv lists what is in the set, left-out.csv what is not.")


def _export(folder: "ExportFolder", actor: str, since: datetime | None, min_agreement: int) -> "Summary":
    from inference.media import MediaLimits  # noqa: PLC0415 - decoders take a second to import
    from pipeline.consumers.detection.media_fetcher import MediaFetcher  # noqa: PLC0415 - likewise
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
    fetcher = MediaFetcher(objects, allowed_buckets=settings.allowed_buckets, max_bytes=limits.max_bytes)
    engine = connect(settings.database_url.get_secret_value(), application="fakeme-export-labels")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:

        def track(candidates: "Sequence[Candidate]") -> "Iterable[Candidate]":
            return progress.track(candidates, description="fetching")

        def tell(line: str) -> None:
            print(line, file=sys.stderr)

        try:
            return Export(engine, fetcher, folder, limits, track, tell).run(actor, since, min_agreement)
        finally:
            engine.dispose()


def _table(summary: "Summary") -> Table:
    table = Table("what", "number", box=SIMPLE_HEAD)
    table.columns[1].justify = "right"
    for truth, number in sorted(summary.labels.items()):
        table.add_row(f"in the set: {truth}", str(number))
    table.add_row("units", str(summary.units))
    table.add_row("fetched now", str(summary.fetched))
    table.add_row("of the older export, withdrawn", str(summary.withdrawn))
    for reason, number in summary.reasons.most_common():
        table.add_row(f"left out: {reason.replace('_', ' ')}", str(number))
    return table
