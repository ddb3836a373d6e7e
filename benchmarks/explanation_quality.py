"""Measure faithfulness and localisation of heat maps on held-out forgeries.

Faithfulness: if the hottest pixels are replaced first, the score should fall quickly (deletion); if they are
inserted first, it should rise quickly (insertion; Petsiuk et al., RISE, 2018). Localisation: the forgeries
have known masks, so the maximum should lie in the mask (pointing game) and the hottest area should match it.

Forgeries of parts (eyes, mouth) separate the methods. On whole faces, a blob in the middle also scores well.

Forged pixels are replaced by those of the original photograph. Blur, the usual fill, is available for
comparison (``--fill blur``), but a forgery detector takes blurred skin for forged, which distorts the curves.
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
from inference.card import ModelCard
from inference.checkpoint import Checkpoint, default_model_dir, load_checkpoint
from inference.explanation.saliency import Maps
from training.datasets import Photo, by_collection, decode, read_collection
from training.evaluation.held_out import served_crop
from training.forgeries import Region, self_blend, swap_blend
from training.pairs import draw_source
from training.splits import Split, take

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

BLUR = 12.0  # pixels; a standard deviation that removes all traces of a blend at 224 px
SHARES = (0.05, 0.1, 0.2, 0.35, 0.6)  # of the pixels; denser where maps differ most
TOLERANCE = 9  # pixels around the mask that still count, because the seam is the main trace of a forgery
SEAM = 3  # pixels; standard deviation that softens the edge of replaced areas
BATCH = 10
SEED = 0
WIDTH = 116  # columns of the table
SCORES = ("deletion", "insertion", "pointing", "energy", "overlap")


@dataclass(frozen=True, eq=False)
class ScoredCrop:
    """A normalised crop (3, 224, 224), forged or filled, with its score: one end of a curve."""

    crop: torch.Tensor
    score: float


class Part(StrEnum):
    """How much of the face is forged; with a part, the map must locate it."""

    WHOLE = "whole"
    PART = "part"


REGIONS = {
    Part.WHOLE: (Region.HEAD, Region.FACE, Region.INNER),
    Part.PART: (Region.EYES, Region.MOUTH),
}


class Fill(StrEnum):
    """What replaces forged pixels."""

    PHOTOGRAPH = "photograph"
    BLUR = "blur"


@dataclass(frozen=True, eq=False)
class Forgery:
    """A flagged crop (224, 224, 3), the crop of its original, and the mask of forged pixels (224, 224)."""

    crop: Image
    photograph: Image
    mask: NDArray[np.bool_]

    def filled(self, fill: Fill) -> Image:
        """Return the crop with the forgery removed."""
        if fill is Fill.PHOTOGRAPH:
            return self.photograph
        return cv2.GaussianBlur(self.crop, (0, 0), BLUR).astype(np.uint8, copy=False)


def forgeries(
    photos: list[Photo], part: Part, card: ModelCard, rng: np.random.Generator
) -> Iterator[Forgery]:
    """Yield an endless stream of forgeries, self-blends and swaps mixed, cropped as in production."""
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
            crop, original, covered = (
                served_crop(photo, whole, card.crop_margin, card.input_size)
                for whole in (forged, image, solid)
            )
            if (framed := covered[..., 0] > 127).any():
                yield Forgery(crop, original, framed)


def flagged(checkpoint: Checkpoint, candidates: Iterator[Forgery]) -> Iterator[Forgery]:
    """Yield the forgeries above the suspect threshold; only these are explained in production."""
    for candidate in candidates:
        pixels = checkpoint.normalise([candidate.crop])
        if probabilities(checkpoint, pixels).item() >= checkpoint.card.suspect_threshold:
            yield candidate


def probabilities(checkpoint: Checkpoint, crops: torch.Tensor) -> Floats:
    """Return the calibrated probability of each crop (N,)."""
    with torch.inference_mode():
        values = checkpoint.probabilities(checkpoint.logits(crops))
    return np.asarray(values.double().numpy(), dtype=np.float64)


def curve(checkpoint: Checkpoint, start: ScoredCrop, end: ScoredCrop, heat: NDArray[np.float32]) -> float:
    """Return the area under the score while pixels of ``start`` become those of ``end``, hottest first."""
    order = np.argsort(-heat.ravel(), kind="stable")
    rank = np.empty(order.size)
    rank[order] = np.arange(order.size) / order.size
    shares = torch.tensor(SHARES)[:, None, None]
    changed = (torch.from_numpy(rank.reshape(heat.shape))[None] < shares)[:, None].float()
    changed = gaussian_blur(changed, [4 * SEAM + 1] * 2, [float(SEAM)] * 2)  # a hard edge would look forged
    intermediate = probabilities(checkpoint, torch.lerp(start.crop[None], end.crop[None], changed))
    return float(np.trapezoid([start.score, *intermediate, end.score], [0.0, *SHARES, 1.0]))


def localisation_scores(heat: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return pointing game, share of the heat in the mask, and IoU of mask and hottest area of its size."""
    near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * TOLERANCE + 1,) * 2, np.uint8)) > 0
    hit = near[np.unravel_index(int(heat.argmax()), heat.shape)]
    hottest = np.zeros(heat.size, dtype=bool)
    hottest[np.argsort(-heat.ravel(), kind="stable")[: int(mask.sum())]] = True
    hottest_area = hottest.reshape(mask.shape)
    energy = float(heat[mask].sum() / max(float(heat.sum()), 1e-9))
    return float(hit), energy, float((hottest_area & mask).sum() / (hottest_area | mask).sum())


def score_crops(checkpoint: Checkpoint, crops: Sequence[Image]) -> list[ScoredCrop]:
    """Return the crops with their scores."""
    pixels = checkpoint.normalise(crops)
    return [
        ScoredCrop(*pair) for pair in zip(pixels, probabilities(checkpoint, pixels).tolist(), strict=True)
    ]


def score_maps(
    checkpoint: Checkpoint, examples: list[Forgery], maps: Maps, filled: list[ScoredCrop]
) -> Floats:
    """Return the five scores (N, 5) of the maps."""
    rows = []
    crops = score_crops(checkpoint, [forgery.crop for forgery in examples])
    for forgery, forged, original, heat in zip(examples, crops, filled, maps, strict=True):
        deletion = curve(checkpoint, forged, original, heat)
        insertion = curve(checkpoint, original, forged, heat)
        rows.append((deletion, insertion, *localisation_scores(heat, forgery.mask)))
    return np.array(rows, dtype=np.float64)


def make_maps(method: Method, checkpoint: Checkpoint, examples: list[Forgery], fill: Fill) -> Maps:
    """Return the maps (N, 224, 224) of one method."""
    batches = [examples[start : start + BATCH] for start in range(0, len(examples), BATCH)]
    return np.concatenate(
        [
            method(
                checkpoint.network,
                checkpoint.normalise([forgery.crop for forgery in batch]),
                checkpoint.normalise([forgery.filled(fill) for forgery in batch]),
            )
            for batch in batches
        ]
    )


DATA = typer.Option(..., help="Output folder of `fakeme preprocess`.", show_default=False)
MODEL = typer.Option(None, help="Folder of a checkpoint; default: the shipped model.", show_default=False)
FACES = typer.Option(60, min=2, help="Number of flagged forgeries to explain.")
ONLY = typer.Option(list(METHODS), help="Saliency method; repeat the option for several.", show_default="all")


def main(
    *,
    data: Path = DATA,
    model: Path | None = MODEL,
    faces: int = FACES,
    forged: Part = Part.PART,
    fill: Fill = Fill.PHOTOGRAPH,
    only: list[str] = ONLY,
) -> None:
    """Print the table; each row is also printed to standard error as soon as it is measured."""
    torch.set_num_threads(1)  # gives steadier times on a shared machine
    checkpoint, rng = load_checkpoint(model or default_model_dir()), np.random.default_rng(SEED)
    photos = take(read_collection(data), Split.TEST)
    order = [photos[index] for index in rng.permutation(len(photos))]
    candidates = forgeries(order, forged, checkpoint.card, rng)
    examples = list(islice(flagged(checkpoint, candidates), faces))
    filled = score_crops(checkpoint, [forgery.filled(fill) for forgery in examples])
    title = f"{checkpoint.card.name} {checkpoint.card.version}, forged: {forged.value} of the face"
    table = Table("method", *SCORES, "ms per face", title=title)
    for name in only:
        start = perf_counter()
        maps = make_maps(METHODS[name], checkpoint, examples, fill)
        seconds = (perf_counter() - start) / len(examples)
        scores = score_maps(checkpoint, examples, maps, filled)
        row = (name, *summaries(scores), f"{seconds * 1000:.0f}")
        print(*row, sep="  ", file=sys.stderr)
        table.add_row(*row)
    Console(width=WIDTH).print(table)
    print(
        f"{len(examples)} flagged forgeries of {len(photos)} held-out photographs; mean and standard error."
    )
    filled_score = np.mean([crop.score for crop in filled])
    print(f"Mean probability after filling with the {fill.value}: {filled_score:.3f}.")


def summaries(rows: Floats) -> list[str]:
    """Return mean and standard error of each column as text."""
    errors = rows.std(axis=0, ddof=1) / np.sqrt(len(rows))
    return [f"{mean:.3f} ± {error:.3f}" for mean, error in zip(rows.mean(axis=0), errors, strict=True)]


if __name__ == "__main__":
    typer.run(main)
