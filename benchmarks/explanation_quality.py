"""Whether heat maps show what the network judged by, and what was forged: a table over held-out forgeries.

Faithful: undoing what a map calls important first, the score should fall at once (deletion), and doing it
first, rise at once (insertion; Petsiuk et al., RISE, 2018). True: our forgeries come with their masks, so the
strongest place should lie in the mask (pointing game) and the strongest area should be the mask's.

Forgeries of parts (eyes, mouth) tell methods apart; of whole faces, a blot in the middle is right as well.

A forgery is undone by the photograph it was made of. Blur, the usual fill, is kept to compare (``--fill
blur``): a detector of forgeries takes blurred skin for forged, so that such curves say little.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torchvision.transforms.functional import gaussian_blur

from benchmarks.saliency_methods import METHODS, Method
from inference.checkpoint import Checkpoint, default_model_dir, load_checkpoint
from inference.crops import normalise
from inference.explanation.saliency import Maps
from training.datasets import Photo, by_collection, decode, read_collection
from training.evaluation.held_out import served_crop
from training.forgeries import Region, self_blend, swap_blend
from training.pairs import draw_source
from training.splits import Split, take

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

BLUR = 12.0  # pixels, the standard deviation that leaves no trace of a blend at 224
SHARES = (0.05, 0.1, 0.2, 0.35, 0.6)  # of the pixels; denser where the maps differ most
TOLERANCE = 9  # pixels around the mask that still count: the seam is what gives a forgery away
SEAM = 3  # pixels, the standard deviation at the edge of what was changed
BATCH = 10
SEED = 0
WIDTH = 116  # columns of the table
SCORES = ("deletion", "insertion", "pointing", "energy", "overlap")


@dataclass(frozen=True, eq=False)
class Ends:
    """A normalised crop (3, 224, 224), forged or undone, and its score: where a curve begins or ends."""

    crop: torch.Tensor
    score: float


class Part(StrEnum):
    """How much of the face is forged: of a part, a map has to find out which."""

    WHOLE = "whole"
    PART = "part"


REGIONS = {
    Part.WHOLE: (Region.HEAD, Region.FACE, Region.INNER),
    Part.PART: (Region.EYES, Region.MOUTH),
}


class Fill(StrEnum):
    """What stands where there is nothing to see."""

    PHOTOGRAPH = "photograph"
    BLUR = "blur"


@dataclass(frozen=True, eq=False)
class Forgery:
    """A crop (224, 224, 3) that the model flags, what it was made of, and where it was forged (224, 224)."""

    crop: Image
    photograph: Image
    mask: NDArray[np.bool_]

    def filled(self, fill: Fill) -> Image:
        """The crop without what gives it away."""
        if fill is Fill.PHOTOGRAPH:
            return self.photograph
        return cv2.GaussianBlur(self.crop, (0, 0), BLUR).astype(np.uint8, copy=False)


def forgeries(photos: list[Photo], part: Part, margin: float, rng: np.random.Generator) -> Iterator[Forgery]:
    """Yield an endless stream of forgeries, self-blends and swaps mixed, framed as in service."""
    pools = by_collection(photos)
    while True:
        for photo in photos:
            image, region = decode(photo), Region(rng.choice(REGIONS[part]))
            if rng.random() < 0.5:
                forged, mask = self_blend(image, photo.landmarks, rng, region)
            else:
                source = draw_source(photo, pools[photo.collection], rng)
                forged, mask = swap_blend(
                    image, photo.landmarks, decode(source), source.landmarks, rng, region=region
                )
            solid = np.repeat((mask[..., None] > 0.1 * mask.max()).astype(np.uint8) * 255, 3, axis=2)
            crop, original, covered = (served_crop(photo, whole, margin) for whole in (forged, image, solid))
            if (framed := covered[..., 0] > 127).any():
                yield Forgery(crop, original, framed)


def flagged(checkpoint: Checkpoint, candidates: Iterator[Forgery]) -> Iterator[Forgery]:
    """Yield those that the model would show a moderator: others are never explained."""
    for candidate in candidates:
        if probabilities(checkpoint, normalise([candidate.crop])).item() >= checkpoint.card.suspect_threshold:
            yield candidate


def probabilities(checkpoint: Checkpoint, crops: torch.Tensor) -> Floats:
    """Calibrated probability of each crop (N,)."""
    with torch.inference_mode():
        told = checkpoint.probabilities(checkpoint.logits(crops))
    return np.asarray(told.double().numpy(), dtype=np.float64)


def curve(checkpoint: Checkpoint, start: Ends, end: Ends, heat: NDArray[np.float32]) -> float:
    """Area under the score while the hottest pixels of ``start`` turn into those of ``end``."""
    order = np.argsort(-heat.ravel(), kind="stable")
    rank = np.empty(order.size)
    rank[order] = np.arange(order.size) / order.size
    shares = torch.tensor(SHARES)[:, None, None]
    changed = (torch.from_numpy(rank.reshape(heat.shape))[None] < shares)[:, None].float()
    changed = gaussian_blur(changed, [4 * SEAM + 1] * 2, [float(SEAM)] * 2)  # a hard edge looks forged itself
    between = probabilities(checkpoint, torch.lerp(start.crop[None], end.crop[None], changed))
    return float(np.trapezoid([start.score, *between, end.score], [0.0, *SHARES, 1.0]))


def place_scores(heat: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Pointing game; share of the heat within the mask; IoU of the mask and the hottest area of its size."""
    near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * TOLERANCE + 1,) * 2, np.uint8)) > 0
    hit = near[np.unravel_index(int(heat.argmax()), heat.shape)]
    hottest = np.zeros(heat.size, dtype=bool)
    hottest[np.argsort(-heat.ravel(), kind="stable")[: int(mask.sum())]] = True
    both = hottest.reshape(mask.shape)
    energy = float(heat[mask].sum() / max(float(heat.sum()), 1e-9))
    return float(hit), energy, float((both & mask).sum() / (both | mask).sum())


def ends(checkpoint: Checkpoint, crops: Sequence[Image]) -> list[Ends]:
    """The crops with their scores."""
    pixels = normalise(crops)
    return [Ends(*pair) for pair in zip(pixels, probabilities(checkpoint, pixels).tolist(), strict=True)]


def judge(checkpoint: Checkpoint, shown: list[Forgery], maps: Maps, undone: list[Ends]) -> Floats:
    """The five scores (N, 5) of the maps."""
    rows = []
    whole = ends(checkpoint, [one.crop for one in shown])
    for forgery, forged, original, heat in zip(shown, whole, undone, maps, strict=True):
        deletion = curve(checkpoint, forged, original, heat)
        insertion = curve(checkpoint, original, forged, heat)
        rows.append((deletion, insertion, *place_scores(heat, forgery.mask)))
    return np.array(rows, dtype=np.float64)


def make_maps(method: Method, checkpoint: Checkpoint, shown: list[Forgery], fill: Fill) -> Maps:
    """The maps (N, 224, 224) of one method."""
    batches = [shown[start : start + BATCH] for start in range(0, len(shown), BATCH)]
    return np.concatenate(
        [
            method(
                checkpoint.network,
                normalise([one.crop for one in batch]),
                normalise([one.filled(fill) for one in batch]),
            )
            for batch in batches
        ]
    )


DATA = typer.Option(..., help="Folder that `fakeme preprocess` wrote.", show_default=False)
MODEL = typer.Option(None, help="Folder of a checkpoint; else the shipped one.", show_default=False)
FACES = typer.Option(60, min=2, help="Flagged forgeries that are explained.")
ONLY = typer.Option(list(METHODS), help="A method; several times for several.", show_default="all")


def main(
    *,
    data: Path = DATA,
    model: Path | None = MODEL,
    faces: int = FACES,
    forged: Part = Part.PART,
    fill: Fill = Fill.PHOTOGRAPH,
    only: list[str] = ONLY,
) -> None:
    """Measure and print a table; a row is on standard error as soon as it is known."""
    torch.set_num_threads(1)  # steadier times; the machine may be shared
    checkpoint, rng = load_checkpoint(model or default_model_dir()), np.random.default_rng(SEED)
    photos = take(read_collection(data), Split.TEST)
    order = [photos[index] for index in rng.permutation(len(photos))]
    candidates = forgeries(order, forged, checkpoint.card.crop_margin, rng)
    shown = list(islice(flagged(checkpoint, candidates), faces))
    undone = ends(checkpoint, [one.filled(fill) for one in shown])
    title = f"{checkpoint.card.name} {checkpoint.card.version}, forged: {forged.value} of the face"
    table = Table("method", *SCORES, "ms a face", title=title)
    for name in only:
        began = perf_counter()
        maps = make_maps(METHODS[name], checkpoint, shown, fill)
        spent = (perf_counter() - began) / len(shown)
        row = (name, *figures(judge(checkpoint, shown, maps, undone)), f"{spent * 1000:.0f}")
        print(*row, sep="  ", file=sys.stderr)
        table.add_row(*row)
    Console(width=WIDTH).print(table)
    print(f"{len(shown)} flagged forgeries of {len(photos)} held-out photographs; mean and standard error.")
    print(f"Mean probability once undone by {fill.value}: {np.mean([one.score for one in undone]):.3f}.")


def figures(rows: Floats) -> list[str]:
    """Mean and standard error of each column."""
    errors = rows.std(axis=0, ddof=1) / np.sqrt(len(rows))
    return [f"{mean:.3f} ± {error:.3f}" for mean, error in zip(rows.mean(axis=0), errors, strict=True)]


if __name__ == "__main__":
    typer.run(main)
