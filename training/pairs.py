"""Pairs of a real crop and a forged one, generated on the fly.

Most forgeries are made from the real photograph. If a collection has its own forgeries, they are paired with
a real photograph of the same person. Both crops get the same framing and augmentation, so that only the
forgery differs.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from inference.crops import cut_square
from training.augment import augment, geometry
from training.config import Phase
from training.datasets import Photo, by_collection, decode
from training.errors import NoPhotographsError
from training.forgeries import (
    Generator,
    Region,
    inpaint_spots,
    load_generators,
    resynthesise_face,
    self_blend_pair,
    swap_blend,
    warp_face,
)
from training.forgeries.masks import JAW, TEMPLATE, affine_between
from training.sources import EVEN, Shares

Image = NDArray[np.uint8]
Landmarks = NDArray[np.float32]

LABELLED_SHARE = 0.5  # of the pairs of a collection that has its own forgeries
SWAP_SHARE = 0.35  # blends of two people; self-blends alone generalised less well
RESYNTHESISED_SHARE = 0.08  # a person's own face, resynthesised by a small neural network
WARPED_SHARE = 0.25  # a person's own face, warped
INPAINTED_SHARE = 0.08  # spots of a person's own face inpainted; the rest are self-blends
RESYNTHESISED_SWAP_SHARE = 0.4  # of the swaps, with the source's face resynthesised
SOURCES_TRIED = 6  # candidates; the one with the nearest pose is used
WINDOWS_TRIED = 6
TIGHT = 0.9  # the jaw is closer than a tenth to the picture's edge, as in aligned sets that cut off the chin
# Regions with edges inside a tight picture.
TIGHT_REGIONS = (Region.INNER, Region.FACE, Region.EYES, Region.MOUTH)
TIGHT_SHARES = (0.5, 0.25, 0.1, 0.15)


@dataclass(frozen=True, slots=True)
class Subject:
    """A decoded photograph (H, W, 3) of a face, with landmarks (5, 2) and box (4,) in its pixels."""

    image: Image
    landmarks: Landmarks
    box: NDArray[np.float32]
    tight: bool


@dataclass(frozen=True, slots=True)
class Framing:
    """A square in the picture, and the resolution of the crop."""

    left: float
    top: float
    side: float
    resolution: int


def subject(photo: Photo, rng: np.random.Generator) -> Subject:
    """Return the photograph decoded.

    Aligned sets widen faces by different amounts, so a tight picture is narrowed by a random factor.
    """
    image, landmarks, box = decode(photo), photo.landmarks, photo.box
    tight = is_tight(landmarks, image.shape[:2])
    if tight:
        factor = np.float32(rng.uniform(0.86, 1.02))
        size = (round(image.shape[1] * float(factor)), image.shape[0])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        landmarks = landmarks * np.array([factor, 1], dtype=np.float32)
        box = box * np.array([factor, 1, factor, 1], dtype=np.float32)
    return Subject(image, landmarks, box, tight)


def is_tight(landmarks: Landmarks, shape: Sequence[int]) -> bool:
    """Return whether the jaw is near the edge of a picture of (height, width), or cut off."""
    matrix = affine_between(TEMPLATE, landmarks)
    jaw = np.array(JAW, dtype=np.float64) @ matrix[:, :2].T + matrix[:, 2]
    shares = jaw / np.array([shape[1], shape[0]])
    return bool(max(shares.max(), 1 - shares[:, 0].min()) > TIGHT)


def pose_distance(first: Landmarks, second: Landmarks) -> float:
    """Return the distance between the landmarks of two faces after centring and scaling."""

    def shape(points: Landmarks) -> Landmarks:
        centred = points - points.mean(axis=0)
        normed: Landmarks = (centred / np.linalg.norm(centred)).astype(np.float32)
        return normed

    return float(np.linalg.norm(shape(first) - shape(second)))


def draw_source(target: Photo, pool: Sequence[Photo], rng: np.random.Generator) -> Photo:
    """Return a photograph of another person from the pool with a pose similar to ``target``.

    Return the target itself if the pool has no other person.
    """
    candidates = [pool[int(index)] for index in rng.integers(len(pool), size=SOURCES_TRIED)]
    others = [photo for photo in candidates if photo.unit != target.unit]
    others = others or [photo for photo in pool if photo.unit != target.unit] or [target]
    return min(others, key=lambda photo: pose_distance(photo.landmarks, target.landmarks))


def draw_framing(face: Subject, rng: np.random.Generator) -> Framing:
    """Return a square around the face, 1.0 to 1.5 times its box; inside the picture if that is tight."""
    longest = float(max(face.box[2] - face.box[0], face.box[3] - face.box[1]))
    resolution = int(rng.integers(128, 257))
    limits = np.array([face.image.shape[1], face.image.shape[0]], dtype=np.float64)
    centre = ((face.box[:2] + face.box[2:]) / 2).astype(np.float64)
    side = longest * float(rng.uniform(1.0, 1.5))
    if face.tight:
        side, centre = float(limits.min()) * float(rng.uniform(0.85, 1.0)), limits / 2
    centre = centre + rng.normal(0, 0.03, 2) * longest
    if face.tight:
        centre = np.clip(centre, side / 2, np.maximum(limits - side / 2, side / 2))
    return Framing(float(centre[0] - side / 2), float(centre[1] - side / 2), side, resolution)


def draw_generator(rng: np.random.Generator) -> Generator:
    """Return one of the generators that resynthesise faces."""
    generators = load_generators()
    return generators[int(rng.integers(len(generators)))]


def draw_window(mask: NDArray[np.uint8], window: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return (x, y) of a square window that shows at least half of the mask, or the best candidate."""
    enough, best, corner = float(mask.sum()) / 2, -1.0, (0, 0)
    for _ in range(WINDOWS_TRIED):
        x, y = (int(value) for value in rng.integers(0, mask.shape[0] - window + 1, 2))
        shown = float(mask[y : y + window, x : x + window].sum())
        if shown > best:
            best, corner = shown, (x, y)
        if best >= enough:
            break
    return corner


def cut(picture: Image, face: Subject, rng: np.random.Generator) -> Image:
    """Return a random square crop of a face's picture or mask, with random resolution and geometry."""
    framing = draw_framing(face, rng)
    return geometry(cut_square(picture, framing.left, framing.top, framing.side, framing.resolution), rng)


def make_crop(face: Subject, phase: Phase, rng: np.random.Generator) -> Image:
    """Return a framed, augmented and compressed crop (size, size, 3) of a face."""
    crop = augment(cut(face.image, face, rng), phase.strength, rng)
    return cut_square(crop, 0, 0, min(crop.shape[:2]), phase.size)


class Pair(NamedTuple):
    """A real crop and its forgery (S, S, 3) uint8, and the mask (S, S) in [0, 1]; NaN is unknown."""

    real: Image
    forged: Image
    mask: NDArray[np.float32]


class PairMaker:
    """Draws pairs from photographs; all randomness comes from the given generator."""

    def __init__(self, photos: Sequence[Photo], shares: Shares = EVEN) -> None:
        """Raise :class:`~training.errors.NoPhotographsError` if there are no real photographs."""
        self._reals: dict[str, list[Photo]] = {}
        self._bounds: dict[str, NDArray[np.float64]] = {}  # upper bounds of the photographs' parts of [0, 1)
        self._forgeries: dict[str, list[tuple[list[Photo], Photo]]] = {}
        for name, own in sorted(by_collection(photos).items()):
            self._reals[name] = [photo for photo in own if not photo.forged]
            self._forgeries[name] = match_forgeries_to_reals(own)
            self._bounds[name] = shares.of_photos(self._reals[name]).cumsum()
        self._names = [name for name, reals in self._reals.items() if reals]
        if not self._names:
            raise NoPhotographsError("no real photographs to make pairs from; check the data and their split")
        self._collection_probabilities = shares.of_collections(self._names)

    def draw(self, phase: Phase, rng: np.random.Generator) -> Pair:
        """Return a pair of crops of the phase's size, or of its window."""
        name = self._names[int(rng.choice(len(self._names), p=self._collection_probabilities))]
        labelled = self._forgeries[name]
        use_labelled = bool(labelled) and rng.random() < LABELLED_SHARE
        if use_labelled:
            reals, fake = labelled[int(rng.integers(len(labelled)))]
            real, seed = reals[int(rng.integers(len(reals)))], int(rng.integers(2**63))
            faces = [subject(photo, np.random.default_rng(seed)) for photo in (real, fake)]
            mask = np.ones(faces[1].image.shape[:2], dtype=np.float32)
        else:
            index = int(np.searchsorted(self._bounds[name][:-1], rng.random(), side="right"))
            real = self._reals[name][index]
            face = subject(real, rng)
            ground, forged, mask = self.forge(real, face, rng)
            faces = [replace(face, image=ground), replace(face, image=forged)]
        seed = int(rng.integers(2**63))
        crops = [make_crop(face, phase, np.random.default_rng(seed)) for face in faces]
        covered = cut((mask * 255).astype(np.uint8), faces[1], np.random.default_rng(seed))
        covered = cut_square(covered, 0, 0, len(covered), phase.size)
        mask = (covered / 255).astype(np.float32)
        if use_labelled:  # data sets do not provide masks
            mask[:] = np.nan
        if phase.window is None:
            return Pair(crops[0], crops[1], mask)
        x, y = draw_window(covered, phase.window, rng)
        part = np.s_[y : y + phase.window, x : x + phase.window]
        return Pair(crops[0][part], crops[1][part], mask[part])

    def forge(self, photo: Photo, face: Subject, rng: np.random.Generator) -> tuple[Image, Image, Landmarks]:
        """Return (ground, forged, mask) of a random kind of forgery; both are equal where the mask is 0."""
        region = Region(rng.choice(TIGHT_REGIONS, p=TIGHT_SHARES)) if face.tight else None
        kind = float(rng.random())
        if kind < (below := RESYNTHESISED_SHARE):
            generator = draw_generator(rng)
            return face.image, *resynthesise_face(face.image, face.landmarks, generator, rng, region)
        if kind < (below := below + WARPED_SHARE):
            return face.image, *warp_face(face.image, face.landmarks, rng, region)
        if kind < (below := below + INPAINTED_SHARE):
            return face.image, *inpaint_spots(face.image, face.landmarks, rng, region)
        if kind >= below + SWAP_SHARE:
            return self_blend_pair(face.image, face.landmarks, rng, region)
        source = draw_source(photo, self._reals[photo.collection], rng)
        swap_generator = draw_generator(rng) if rng.random() < RESYNTHESISED_SWAP_SHARE else None
        image, points = decode(source), source.landmarks
        blended = swap_blend(
            face.image, face.landmarks, image, points, rng, region=region, generator=swap_generator
        )
        return face.image, *blended


def match_forgeries_to_reals(photos: Sequence[Photo]) -> list[tuple[list[Photo], Photo]]:
    """Return (real photographs, forgery) for each forgery that has matching real photographs.

    They are of the media item that was forged, or else of the same person. Others are left out.
    """
    by_media: defaultdict[str, list[Photo]] = defaultdict(list)
    by_unit: defaultdict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        if not photo.forged:
            by_media[photo.media].append(photo)
            by_unit[photo.unit].append(photo)
    matched = [
        (by_media.get(photo.original, []) or by_unit.get(photo.unit, []), photo)
        for photo in photos
        if photo.forged
    ]
    return [(reals, photo) for reals, photo in matched if reals]


class PairStream(IterableDataset[Pair]):
    """An endless stream of pairs, reproducible by ``seed``."""

    def __init__(self, maker: PairMaker, phase: Phase, seed: tuple[int, ...]) -> None:
        self.maker, self.phase, self.seed = maker, phase, seed

    def __iter__(self) -> Iterator[Pair]:
        cv2.setNumThreads(1)  # the other cores are used by the network
        rng = np.random.default_rng(self.seed)
        while True:
            yield self.maker.draw(self.phase, rng)
