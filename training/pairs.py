"""Pairs of a real crop and its own forgery, made anew each time they are drawn.

Both get the same framing and the same later changes, so that only the forgery tells them apart
(which the literature found essential: see README.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from inference.crops import cut_square
from training.augment import augment
from training.datasets import Photo, decode
from training.forgeries import Region, self_blend, swap_blend

Image = NDArray[np.uint8]
Landmarks = NDArray[np.float32]

PEOPLE_SHARE = 0.45  # of the draws; fewer pictures than ``faces``, but natural framing
SWAP_SHARE = 0.4  # blends of two people; self-blends alone transferred less well
SOURCES_TRIED = 6  # of them the one whose pose is nearest gives the face
TIGHT_REGIONS = (Region.INNER, Region.FACE, Region.EYES, Region.MOUTH)  # ``faces`` cut the jaw off
TIGHT_SHARES = (0.5, 0.25, 0.1, 0.15)


@dataclass(frozen=True, slots=True)
class Framing:
    """A square in the picture, and the resolution at which it was posted."""

    left: float
    top: float
    side: float
    resolution: int


def squeeze(image: Image, landmarks: Landmarks, factor: float) -> tuple[Image, Landmarks]:
    """Return picture and landmarks with the width changed by ``factor``."""
    width = round(image.shape[1] * factor)
    resized = cv2.resize(image, (width, image.shape[0]), interpolation=cv2.INTER_AREA)
    return resized.astype(np.uint8, copy=False), landmarks * np.array([factor, 1.0], dtype=np.float32)


def pose_distance(one: Landmarks, other: Landmarks) -> float:
    """Return how differently two faces are turned: landmarks' distance after centring and scaling."""

    def shape(points: Landmarks) -> Landmarks:
        centred = points - points.mean(axis=0)
        normed: Landmarks = (centred / np.linalg.norm(centred)).astype(np.float32)
        return normed

    return float(np.linalg.norm(shape(one) - shape(other)))


def draw_framing(photo: Photo, image: Image, box: NDArray[np.float32], rng: np.random.Generator) -> Framing:
    """Return a square about the face; ``faces`` are framed inside their picture, which is tighter."""
    longest = float(max(box[2] - box[0], box[3] - box[1]))
    resolution = int(rng.integers(128, 257))
    if photo.collection == "people":
        side = longest * float(rng.uniform(1.0, 1.5))
    else:
        side = min(image.shape[:2]) * float(rng.uniform(0.85, 1.0))
        box = np.array([0, 0, image.shape[1], image.shape[0]], dtype=np.float32)
    centre = (box[:2] + box[2:]) / 2 + rng.normal(0, 0.03, 2) * longest
    if photo.collection == "faces":
        limits = np.array([image.shape[1], image.shape[0]]) - side / 2
        centre = np.clip(centre, side / 2, np.maximum(limits, side / 2))
    return Framing(float(centre[0] - side / 2), float(centre[1] - side / 2), side, resolution)


class PairMaker:
    """Draws pairs from photographs; everything random comes from the generator that is passed in."""

    def __init__(self, photos: list[Photo]) -> None:
        self.pools = [[p for p in photos if p.collection == name] for name in ("people", "faces")]
        if not any(self.pools):
            raise ValueError("no photographs to make pairs from; check the data folder and the split")

    def draw_photo(self, rng: np.random.Generator) -> Photo:
        people, faces = self.pools
        pool = people if not faces or (people and rng.random() < PEOPLE_SHARE) else faces
        return pool[int(rng.integers(len(pool)))]

    def draw_source(self, target: Photo, rng: np.random.Generator) -> Photo:
        """Return a photograph of another person, turned as the target is."""
        pool = self.pools[0] if target.collection == "people" else self.pools[1]
        candidates = [pool[int(index)] for index in rng.integers(len(pool), size=SOURCES_TRIED)]
        others = [photo for photo in candidates if photo.unit != target.unit] or candidates
        return min(others, key=lambda photo: pose_distance(photo.landmarks, target.landmarks))

    def forge(self, photo: Photo, image: Image, landmarks: Landmarks, rng: np.random.Generator) -> Image:
        tight = photo.collection == "faces"
        region = Region(rng.choice(TIGHT_REGIONS, p=TIGHT_SHARES)) if tight else None
        if rng.random() >= SWAP_SHARE:
            return self_blend(image, landmarks, rng, region)[0]
        source = self.draw_source(photo, rng)
        return swap_blend(image, landmarks, decode(source), source.landmarks, rng, region=region)[0]

    def draw(self, size: int, strength: float, rng: np.random.Generator) -> tuple[Image, Image]:
        """Return (real, forged) crops of (size, size, 3) uint8."""
        photo = self.draw_photo(rng)
        image, landmarks, box = decode(photo), photo.landmarks, photo.box
        if photo.collection == "faces":  # their aspect ratio is off; elsewhere faces are narrower
            factor = float(rng.uniform(0.86, 1.02))
            image, landmarks = squeeze(image, landmarks, factor)
            box = box * np.array([factor, 1, factor, 1], dtype=np.float32)
        forged = self.forge(photo, image, landmarks, rng)
        framing = draw_framing(photo, image, box, rng)
        later, mirrored = int(rng.integers(2**63)), rng.random() < 0.5
        crops = []
        for picture in (image, forged):
            crop = cut_square(picture, framing.left, framing.top, framing.side, framing.resolution)
            crop = augment(crop, strength, np.random.default_rng(later))
            crop = cut_square(crop, 0, 0, min(crop.shape[:2]), size)
            crops.append(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)
        return crops[0], crops[1]


class PairStream(IterableDataset[tuple[Image, Image]]):
    """An endless stream of pairs; ``seed`` names it, so two streams of one seed are the same."""

    def __init__(self, maker: PairMaker, size: int, strength: float, seed: tuple[int, ...]) -> None:
        self.maker, self.size, self.strength, self.seed = maker, size, strength, seed

    def __iter__(self) -> Iterator[tuple[Image, Image]]:
        cv2.setNumThreads(1)  # the network has the cores
        rng = np.random.default_rng(self.seed)
        while True:
            yield self.maker.draw(self.size, self.strength, rng)
