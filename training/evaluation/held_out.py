"""Held-out pictures and their forgeries, used to calibrate a network before it is shipped.

There are fewer conditions than in the report, and forgeries get a random one, because the thresholds must
hold for a mixture.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.checkpoint import logits_of
from inference.crops import crop_face
from inference.normalisation import Normalisation, normalise
from training.augment import h264, jpeg, shrink
from training.datasets import Photo, by_collection, decode
from training.evaluation.framing import fit_box
from training.evaluation.methods import TRAINED
from training.evaluation.progress import TrackProgress, untracked
from training.pairs import draw_source

Image = NDArray[np.uint8]

BATCH = 32
REAL = "real"
KINDS = (REAL, *TRAINED)

# Platform processing before a picture reaches the detector. The first condition changes nothing.
CONDITIONS: dict[str, Callable[[Image, np.random.Generator], Image]] = {
    "as it came": lambda image, _: image,
    "JPEG 40-90": lambda image, rng: jpeg(image, int(rng.integers(40, 91))),
    "reduced 1.5-2.5x": lambda image, rng: shrink(image, float(rng.uniform(1.5, 2.5))),
    "H.264 CRF 23-28": lambda image, rng: h264(image, int(rng.integers(23, 29))),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A crop as in production, with its metadata."""

    crop: Image
    kind: str
    condition: str
    collection: str
    group: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Logits (N,) and metadata of N crops."""

    logits: NDArray[np.float64]
    kinds: NDArray[np.str_]
    conditions: NDArray[np.str_]
    collections: NDArray[np.str_]
    groups: NDArray[np.str_]


def served_crop(photo: Photo, image: Image, margin: float, size: int) -> Image:
    """Return the crop (size, size, 3) of the face as made in production."""
    x0, y0, x1, y1 = photo.box.tolist()
    return crop_face(image, fit_box((x0, y0, x1, y1), image.shape, margin), margin, size)


def held_out(
    photos: list[Photo], margin: float, size: int, seed: int, track: TrackProgress = untracked
) -> Iterator[Sample]:
    """Yield each photograph in every condition, and one forgery of each kind in a random condition."""
    rng = np.random.default_rng(seed)
    pools = by_collection(photos)
    for photo in track(photos, total=len(photos), description="calibrating"):
        image = decode(photo)
        for condition, apply in CONDITIONS.items():
            crop = served_crop(photo, apply(image, rng), margin, size)
            yield Sample(crop, REAL, condition, photo.collection, photo.group)
        for kind in KINDS[1:]:
            condition = str(rng.choice(list(CONDITIONS)))
            forged = TRAINED[kind](photo, image, draw_source(photo, pools[photo.collection], rng), rng)
            crop = served_crop(photo, CONDITIONS[condition](forged, rng), margin, size)
            yield Sample(crop, kind, condition, photo.collection, photo.group)


def score(
    network: nn.Module, samples: Iterable[Sample], normalisation: Normalisation, *, mirrored: bool
) -> Scored:
    """Return the network's logits of all samples, computed by :func:`inference.checkpoint.logits_of`."""
    device = next(network.parameters()).device
    logits: list[float] = []
    metadata: list[tuple[str, str, str, str]] = []
    batch: list[Image] = []

    def flush() -> None:
        if batch:
            with torch.inference_mode():
                pixels = normalise(batch, normalisation).to(device)
                logits.extend(logits_of(network, pixels, mirrored=mirrored).tolist())
            batch.clear()

    for sample in samples:
        batch.append(sample.crop)
        metadata.append((sample.kind, sample.condition, sample.collection, sample.group))
        if len(batch) == BATCH:
            flush()
    flush()
    columns = [np.array(column) for column in zip(*metadata, strict=True)]
    return Scored(np.array(logits, dtype=np.float64), *columns)
