"""The forgery methods of the evaluation: those used in training, and unseen ones."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from training.datasets import Photo, decode
from training.forgeries import (
    Region,
    load_generators,
    resynthesise_face,
    self_blend,
    swap_blend,
    unseen,
    warp_face,
)
from training.pairs import is_tight

Image = NDArray[np.uint8]
# (photograph, its pixels, another person's photograph, random generator) -> forged pixels of the same size
Forger = Callable[[Photo, Image, Photo, np.random.Generator], Image]


class Family(StrEnum):
    """Origin of an evaluated picture."""

    REAL = "real"
    TRAINED = "trained"  # forged by a method that training uses
    UNSEEN = "unseen"  # forged by a method that training never uses
    LABELLED = "labelled"  # a forgery contained in a data set


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    family: Family
    forge: Forger


def whole_face(photo: Photo, image: Image) -> Region:
    """Return the region that a swap covers; it is smaller if the picture cuts off forehead and jaw."""
    return Region.INNER if is_tight(photo.landmarks, image.shape[:2]) else Region.FACE


def _self_blend(photo: Photo, image: Image, _: Photo, rng: np.random.Generator) -> Image:
    return self_blend(image, photo.landmarks, rng, whole_face(photo, image))[0]


def _resynthesised(photo: Photo, image: Image, _: Photo, rng: np.random.Generator) -> Image:
    generators = load_generators()
    generator = generators[int(rng.integers(len(generators)))]
    return resynthesise_face(image, photo.landmarks, generator, rng, whole_face(photo, image))[0]


def _warped(photo: Photo, image: Image, _: Photo, rng: np.random.Generator) -> Image:
    return warp_face(image, photo.landmarks, rng, whole_face(photo, image))[0]


def _swap(photo: Photo, image: Image, source: Photo, rng: np.random.Generator) -> Image:
    return _blend(photo, image, source, whole_face(photo, image), rng)


def _poisson_swap(photo: Photo, image: Image, source: Photo, rng: np.random.Generator) -> Image:
    return _blend(photo, image, source, whole_face(photo, image), rng, seamless=True)


def _part_swap(photo: Photo, image: Image, source: Photo, rng: np.random.Generator) -> Image:
    return _blend(photo, image, source, Region(rng.choice([Region.EYES, Region.MOUTH])), rng)


def _blend(
    photo: Photo,
    image: Image,
    source: Photo,
    region: Region,
    rng: np.random.Generator,
    *,
    seamless: bool = False,
) -> Image:
    points = (photo.landmarks, source.landmarks)
    return swap_blend(image, points[0], decode(source), points[1], rng, region=region, seamless=seamless)[0]


def _by_landmarks(method: unseen.Method) -> Forger:
    return lambda photo, image, source, rng: method(
        image, photo.landmarks, decode(source), source.landmarks, rng
    )


TRAINED: dict[str, Forger] = {
    "self-blend": _self_blend,
    "swap": _swap,
    "swap, Poisson": _poisson_swap,
    "part of the face": _part_swap,
    "redrawn": _resynthesised,
    "bent": _warped,
}

METHODS: tuple[Method, ...] = (
    *(Method(name, Family.TRAINED, forge) for name, forge in TRAINED.items()),
    *(Method(name, Family.UNSEEN, _by_landmarks(forge)) for name, forge in unseen.UNSEEN.items()),
)
