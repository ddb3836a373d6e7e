"""Held-out pictures and their forgeries, framed as in service, and what a network says about them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.crops import CROP_SIZE, crop_face, cut_square, normalise
from training.augment import h264, jpeg, shrink
from training.datasets import Photo, decode
from training.forgeries import Region, self_blend, swap_blend
from training.pairs import PairMaker

Image = NDArray[np.uint8]

BATCH = 32
REAL = "real"
KINDS = (REAL, "self-blend", "swap", "swap, Poisson", "part of the face")

# What platforms do before we see a picture. The first leaves it as it came.
CONDITIONS: dict[str, Callable[[Image, np.random.Generator], Image]] = {
    "as it came": lambda image, _: image,
    "JPEG 40-90": lambda image, rng: jpeg(image, int(rng.integers(40, 91))),
    "reduced 1.5-2.5x": lambda image, rng: shrink(image, float(rng.uniform(1.5, 2.5))),
    "H.264 CRF 23-28": lambda image, rng: h264(image, int(rng.integers(23, 29))),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A crop as the network gets it in service, and what is known about it."""

    crop: Image
    kind: str
    condition: str
    collection: str
    group: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Logits (N,) beside what is known about each crop."""

    logits: NDArray[np.float64]
    kinds: NDArray[np.str_]
    conditions: NDArray[np.str_]
    collections: NDArray[np.str_]
    groups: NDArray[np.str_]


def forge(kind: str, photo: Photo, image: Image, maker: PairMaker, rng: np.random.Generator) -> Image:
    """Return a forgery of the named kind; the face of a swap comes from the maker's other people."""
    whole = Region.INNER if photo.collection == "faces" else Region.FACE
    if kind == "self-blend":
        return self_blend(image, photo.landmarks, rng, whole)[0]
    source = maker.draw_source(photo, rng)
    part = rng.choice([Region.EYES, Region.MOUTH])
    return swap_blend(
        image,
        photo.landmarks,
        decode(source),
        source.landmarks,
        rng,
        region=Region(part) if kind == "part of the face" else whole,
        seamless=kind == "swap, Poisson",
    )[0]


def frame(photo: Photo, image: Image, margin: float) -> Image:
    """Return the crop that serving would make; the set ``faces`` is tighter than that and stays whole."""
    if photo.collection == "faces":
        return cut_square(image, 0, 0, min(image.shape[:2]), CROP_SIZE)
    x0, y0, x1, y1 = photo.box.tolist()
    return crop_face(image, (x0, y0, x1, y1), margin)


def held_out(photos: list[Photo], margin: float, seed: int) -> Iterator[Sample]:
    """Yield each photograph under every condition, and one forgery of each kind under a drawn one."""
    maker, rng = PairMaker(photos), np.random.default_rng(seed)
    for photo in photos:
        image = decode(photo)
        for condition, change in CONDITIONS.items():
            crop = frame(photo, change(image, rng), margin)
            yield Sample(crop, REAL, condition, photo.collection, photo.group)
        for kind in KINDS[1:]:
            condition = str(rng.choice(list(CONDITIONS)))
            forged = CONDITIONS[condition](forge(kind, photo, image, maker, rng), rng)
            yield Sample(frame(photo, forged, margin), kind, condition, photo.collection, photo.group)


def score(network: nn.Module, samples: Iterable[Sample]) -> Scored:
    """Return the network's logits of all samples."""
    logits: list[float] = []
    known: list[tuple[str, str, str, str]] = []
    batch: list[Image] = []

    def flush() -> None:
        if batch:
            with torch.inference_mode():
                logits.extend(network(normalise(batch)).flatten().tolist())
            batch.clear()

    for sample in samples:
        batch.append(sample.crop)
        known.append((sample.kind, sample.condition, sample.collection, sample.group))
        if len(batch) == BATCH:
            flush()
    flush()
    columns = [np.array(column) for column in zip(*known, strict=True)]
    return Scored(np.array(logits, dtype=np.float64), *columns)
