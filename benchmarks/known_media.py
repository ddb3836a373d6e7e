"""Measure how well and how fast known media are found among a million others.

    python -m benchmarks.known_media --data FOLDER [--pictures 1000] [--others 1000000]

FOLDER has pictures or tar files of them. Each picture is added as a known deepfake; changed copies of it, and
other pictures, are then searched. The others in the index are random hashes: those of real pictures are no
nearer to each other than chance, but for near-duplicates.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.pictures import compressed, pictures, scaled
from inference.fingerprint import MIN_QUALITY, Fingerprint, fingerprint
from inference.media.decoded import Pixels
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.match_rate import MatchRate
from storage.known_media import THRESHOLD, KnownEntry, KnownLabel

SMALLEST = 128  # pixels; smaller pictures have too few features
UNKNOWN = 1_000  # pictures that are searched but not known, for the precision

Change = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Row:
    """The result for one kind of copy."""

    copy: str
    searched: int
    found: int
    wrong: int
    p50_ms: float
    p95_ms: float


def cropped(share: float) -> Change:
    """Return the change that cuts off ``share`` of each side."""

    def change(image: Pixels) -> Pixels:
        dy, dx = (round(side * share / 2) for side in image.shape[:2])
        return image[dy : image.shape[0] - dy, dx : image.shape[1] - dx]

    return change


COPIES: dict[str, Change] = {
    "the same pixels": lambda image: image,
    "JPEG 90": lambda image: compressed(image, "JPEG", 90),
    "JPEG 50": lambda image: compressed(image, "JPEG", 50),
    "size 0.7": lambda image: scaled(image, 0.7),
    "half size": lambda image: scaled(image, 0.5),
    "cropped to 95 %": cropped(0.05),
    "mirrored": lambda image: image[:, ::-1],
    "upside down": lambda image: image[::-1, ::-1],
    "turned by 90 degrees": np.rot90,
    "mirrored, half size, JPEG 50": lambda image: compressed(scaled(image[:, ::-1], 0.5), "JPEG", 50),
}


def usable(folder: Path, count: int) -> list[Pixels]:
    """Return the first ``count`` pictures that are large and rich enough, no two of which are similar."""
    chosen: list[Pixels] = []
    seen = KnownMedia(MatchRate(1, lambda *_: None))
    for image in pictures(folder):
        if min(image.shape[:2]) < SMALLEST:
            continue
        found = fingerprint(image)
        if found.quality >= MIN_QUALITY and seen.similar([found.pdq]) is None:
            seen.apply([entry(len(chosen) + 1, found.pdq)])
            chosen.append(image)
        if len(chosen) == count:
            return chosen
    raise SystemExit(f"{folder} has {len(chosen)} usable pictures, not {count}")


def entry(number: int, *pdqs: str) -> KnownEntry:
    """Return a known deepfake with these hashes; ``number`` must be new."""
    return KnownEntry(
        entry_id=uuid4(),
        label=KnownLabel.DEEPFAKE,
        bank="benchmark",
        sha256=None,
        pdqs=pdqs,
        threshold=THRESHOLD,
        reference=str(number),
        case_id=None,
        added_by="benchmark",
        added_at=datetime.now(UTC),
        removed=False,
        change=number,
    )


def filled(known: list[Fingerprint], others: int) -> tuple[KnownMedia, float]:
    """Return an index of these hashes and ``others`` random ones, and the seconds that filling it took."""
    rng = np.random.default_rng(0)
    random = [row.tobytes().hex() for row in rng.integers(0, 256, (others, 32), np.uint8)]
    entries = [entry(number, each.pdq) for number, each in enumerate(known)]
    entries += [entry(number, pdq) for number, pdq in enumerate(random, start=len(known))]
    media = KnownMedia(MatchRate(1, lambda *_: None))
    start = time.perf_counter()
    media.apply(entries)
    return media, time.perf_counter() - start


def measured(copy: str, images: list[Pixels], media: KnownMedia, *, known: bool) -> Row:
    """Search a copy of each picture; ``known``: picture number n is entry number n."""
    seconds, found, wrong = [], 0, 0
    for number, image in enumerate(images):
        pdq = fingerprint(np.ascontiguousarray(COPIES[copy](image))).pdq
        start = time.perf_counter()
        match = media.similar([pdq])
        seconds.append(time.perf_counter() - start)
        right = known and match is not None and match.entry.reference == str(number)
        found += right
        wrong += match is not None and not right
    p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1_000
    return Row(copy if known else "other pictures", len(images), found, wrong, float(p50), float(p95))


def main(
    data: Annotated[Path, typer.Option(help="Folder of pictures, or of tar files of them.")],
    pictures_known: Annotated[int, typer.Option("--pictures", min=1)] = 1_000,
    others: Annotated[int, typer.Option(min=0, help="Random hashes in the index.")] = 1_000_000,
    output: Annotated[Path | None, typer.Option(help="Also write the table as JSON.")] = None,
) -> None:
    """Print recall, wrong matches and query time for each kind of copy."""
    console = Console()
    images = usable(data, pictures_known + UNKNOWN)
    known, unknown = images[:pictures_known], images[pictures_known:]
    media, seconds = filled([fingerprint(image) for image in known], others)
    rows = [
        measured(copy, known, media, known=True)
        for copy in track(COPIES, "searching", console=Console(stderr=True), transient=True)
    ]
    rows.append(measured("the same pixels", unknown, media, known=False))
    table = Table("copy", "searched", "recall", "wrong", "p50, ms", "p95, ms")
    for row in rows:
        recall = f"{row.found / row.searched:.1%}" if row.copy != "other pictures" else ""
        table.add_row(
            row.copy, str(row.searched), recall, str(row.wrong), f"{row.p50_ms:.1f}", f"{row.p95_ms:.1f}"
        )
    console.print(f"{len(media):,} known media, read in {seconds:.1f} s; {platform.processor() or 'CPU'}")
    console.print(table)
    if output is not None:
        output.write_text(json.dumps([vars(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
