"""Measure what people can do to the mark who know the method but not the key.

    python -m benchmarks.watermark_removal --data FOLDER [--pictures 24] [--output FILE]

They know where the mark is strong (the mask), how pictures are evened out, and the size of tiles and cells.
For each attack the table says how many pictures lost the mark, and at which change (PSNR against the marked
picture) the median one did. Copying is the opposite: a mark that is read where it was never put.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.watermark import KEY, Sample, samples
from inference.media.decoded import Pixels
from inference.watermark.canonical import Plane, canonical_luma
from inference.watermark.detection import detect
from inference.watermark.embedding import embed, relative_amplitude
from inference.watermark.pattern import CELLS, TILE
from inference.watermark.whitening import whitened

STRENGTHS = (46.0, 43.0, 40.0, 37.0, 34.0)  # dB of what is subtracted, tried in turn
COPIES = (44.0, 40.0, 36.0)  # dB of what is added
AVERAGED = 100
SIZE = TILE * CELLS  # pixels of the short side: the mark is not scaled, and hardly repeats
CUT = 5  # pixels at the left and the top, so that nothing is in place


@dataclass(frozen=True)
class Outcome:
    """The strength in dB at which each attack succeeded on one picture; None if it did at none."""

    number: int
    kind: str
    size: int
    succeeded: dict[str, float | None]


def measured(task: tuple[Sample, Sample, Plane]) -> Outcome:
    """Attack one picture; the second is one to which its mark is copied, the plane an average of many."""
    cv2.setNumThreads(1)
    sample, other, average = task
    marked = embed(sample.image, sample.number, KEY)
    one_tile, one_block = estimate(marked, TILE), estimate(marked, TILE * CELLS)
    attacks = {
        "one picture, folded by tiles": removed(marked, one_tile, cut=0),
        "the same, then cut": removed(marked, one_tile, cut=CUT),
        "one picture, folded by 4 x 4 tiles": removed(marked, one_block, cut=0),
        "the same, then cut ": removed(marked, one_block, cut=CUT),
        f"average of {AVERAGED} pictures": removed(marked, average, cut=0),
        "the same, then cut  ": removed(marked, average, cut=CUT),
        "copied into another picture": copied(one_block, other.image, sample.number),
    }
    return Outcome(sample.number, sample.kind, min(sample.image.shape[:2]), attacks)


def estimate(marked: Pixels, period: int) -> Plane:
    """Return an estimate of the mark's pattern, (period, period), from one picture."""
    return folded(whitened(canonical_luma(marked)), period)


def folded(white: Plane, period: int) -> Plane:
    """Return the mean of an evened picture over its repetitions of ``period`` pixels."""
    height, width = (-(-side // period) * period for side in white.shape)
    total, count = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    total[: white.shape[0], : white.shape[1]] = white
    count[: white.shape[0], : white.shape[1]] = 1
    parts = [
        plane.reshape(height // period, period, width // period, period).sum(axis=(0, 2))
        for plane in (total, count)
    ]
    return np.asarray(parts[0] / np.maximum(parts[1], 1), np.float32)


def change(pattern: Plane, image: Pixels, psnr: float) -> Plane:
    """Return the repeated pattern as a change of this strength, masked as a mark is, (H, W)."""
    luma = canonical_luma(image)
    repeats = [-(-side // len(pattern)) for side in luma.shape]
    whole = np.tile(pattern, repeats)[: luma.shape[0], : luma.shape[1]] * relative_amplitude(luma)
    full = cv2.resize(whole, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(full * (255 * 10 ** (-psnr / 20) / (full.std() + 1e-9)), np.float32)


def removed(marked: Pixels, pattern: Plane, cut: int) -> float | None:
    """Return the weakest change that removes the mark, in dB."""
    for psnr in STRENGTHS:
        attacked = _added(marked, -change(pattern, marked, psnr))
        if not detect(np.ascontiguousarray(attacked[cut:, cut:]), KEY).present:
            return psnr
    return None


def copied(pattern: Plane, image: Pixels, payload: int) -> float | None:
    """Return the weakest change that puts the mark into an unmarked picture, in dB."""
    for psnr in COPIES:
        if detect(_added(image, change(pattern, image, psnr)), KEY).payload == payload:
            return psnr
    return None


def _added(image: Pixels, plane: Plane) -> Pixels:
    return np.asarray(np.clip(np.rint(image + plane[..., None]), 0, 255), np.uint8)


def average_of_many(pictures: Sequence[Sample]) -> Plane:
    """Return the average of marked pictures with different payloads, folded by 4 x 4 tiles."""
    planes = [
        estimate(embed(sample.image, 1_000_000 + sample.number, KEY), TILE * CELLS) for sample in pictures
    ]
    return np.asarray(np.mean(planes, axis=0), np.float32)


def tasks(data: Path, count: int) -> Iterator[tuple[Sample, Sample, Plane]]:
    """Yield the pictures, each with another one, and the average of pictures that are not among them."""
    every = list(samples(data, count + AVERAGED, (SIZE,)))
    average = average_of_many(every[count:])
    chosen = every[:count]
    for sample, other in zip(chosen, [*chosen[1:], chosen[0]], strict=True):
        yield sample, other, average


def view(outcomes: Sequence[Outcome]) -> Table:
    """Return the table of attacks."""
    table = Table("attack", "succeeded", "median strength, dB")
    for name in outcomes[0].succeeded:
        strengths = [outcome.succeeded[name] for outcome in outcomes]
        found = [strength for strength in strengths if strength is not None]
        table.add_row(
            name.strip(), f"{len(found)}/{len(strengths)}", f"{np.median(found):.0f}" if found else ""
        )
    return table


def main(
    data: Annotated[Path, typer.Option(help="Folder of pictures, or of tar files of them.")],
    count: Annotated[int, typer.Option("--pictures", min=2)] = 24,
    processes: Annotated[int, typer.Option(min=1)] = 2,
    output: Annotated[Path | None, typer.Option(help="Also write the outcomes as JSON.")] = None,
) -> None:
    """Print how often the mark is removed or copied by people without its key."""
    with ProcessPoolExecutor(processes) as pool:
        results = pool.map(measured, tasks(data, count))
        outcomes = list(track(results, "pictures", total=count, console=Console(stderr=True), transient=True))
    Console(width=None).print(view(outcomes))
    if output is not None:
        output.write_text(json.dumps([vars(outcome) for outcome in outcomes], indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
