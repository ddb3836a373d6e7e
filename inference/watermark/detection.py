"""Finds the mark in a picture: where it should be, then whatever was done to the picture's geometry."""

from collections.abc import Iterator
from dataclasses import dataclass

from inference.media.decoded import Pixels
from inference.watermark.alignment import correction, translations
from inference.watermark.canonical import Plane, canonical_luma
from inference.watermark.geometry import Geometry
from inference.watermark.pattern import CELLS, TILE, Pattern, make_pattern
from inference.watermark.reading import Word, cell_sums, false_positive_bound, read
from inference.watermark.search import candidates
from inference.watermark.whitening import whitened

MAX_FALSE_POSITIVE = 1e-9  # of one picture, over all attempts that are made on it
_WORDS = 4  # of the 16 places of the first cell, those with the most energy are decoded
_GEOMETRIES = 4  # the likeliest
_PLACES = 2  # translations of each
_SMALLEST = 96  # pixels of a rectified picture; a smaller one has less than a tile
# All places at which a code word is compared with a picture: two in place, and the search's.
ATTEMPTS = CELLS**2 * (2 + _GEOMETRIES * _PLACES)


@dataclass(frozen=True)
class Detection:
    """Whether the mark of a key is in a picture.

    ``payload`` is what it carries, 52 bits, None if it is not present. ``confidence`` is the statistic of the
    best code word over the one that is needed, so 1 or more if present. ``false_positive_bound`` is the
    largest probability that a picture without this key's mark gives such a statistic.
    """

    present: bool
    payload: int | None
    confidence: float
    false_positive_bound: float


def detect(image: Pixels, key: bytes, *, search: bool = True) -> Detection:
    """Look for the mark in a picture (H, W, 3) uint8 RGB; ``search``: also if it was scaled or cut."""
    pattern = make_pattern(key)
    best = Word(0, 0.0)
    for word in _words(canonical_luma(image), pattern, search=search):
        best = max(best, word, key=lambda each: each.statistic)
        if false_positive_bound(best.statistic, ATTEMPTS) <= MAX_FALSE_POSITIVE:
            break
    bound = false_positive_bound(best.statistic, ATTEMPTS)
    present = bound <= MAX_FALSE_POSITIVE
    return Detection(present, best.payload if present else None, best.statistic / needed_statistic(), bound)


def needed_statistic() -> float:
    """Return the statistic from which a mark counts as present."""
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = false_positive_bound(middle, ATTEMPTS) <= MAX_FALSE_POSITIVE
        low, high = (low, middle) if enough else (middle, high)
    return high


def _words(luma: Plane, pattern: Pattern, *, search: bool) -> Iterator[Word]:
    """Yield the words read, the cheapest attempts first."""
    white = whitened(luma)
    yield from read(cell_sums(white, pattern), pattern, _WORDS)
    yield from read(cell_sums(white[:, ::-1], pattern), pattern, _WORDS)
    if not search or min(luma.shape) < _SMALLEST:
        return
    for candidate in candidates(luma, pattern, _GEOMETRIES):
        rectified, _ = candidate.geometry().rectified(luma)
        if min(rectified.shape) < _SMALLEST:
            continue
        flat = whitened(rectified)
        for place in translations(flat, pattern, _PLACES):
            aligned = _aligned(rectified, Geometry(correction(flat, pattern, place)))
            if min(aligned.shape) >= _SMALLEST:
                yield from read(cell_sums(whitened(aligned), pattern), pattern, _WORDS)


def _aligned(rectified: Plane, geometry: Geometry) -> Plane:
    """Return the picture in pattern coordinates, from the first corner of a tile on."""
    plane, (left, top) = geometry.rectified(rectified)
    return plane[-top % TILE :, -left % TILE :]
