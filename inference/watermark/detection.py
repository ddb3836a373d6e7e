"""Finds the mark in a picture: where it should be, then whatever was done to the picture's geometry."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from inference.media.decoded import Frame, Pixels
from inference.watermark.alignment import aligned, places
from inference.watermark.canonical import Plane, canonical_luma
from inference.watermark.pattern import CELLS, Pattern, make_pattern
from inference.watermark.reading import Word, cell_sums, false_positive_bound, read
from inference.watermark.scrambling import unscrambled
from inference.watermark.search import candidates
from inference.watermark.whitening import whitened

MAX_FALSE_POSITIVE = 1e-9  # of one picture, over all attempts that are made on it
_WORDS = 4  # of the 16 places of the first cell, those with the most energy are decoded
_GEOMETRIES = 4  # the likeliest other than none
_PLACES = 3  # of the first tile in each
_READ_PLACES = 8  # of all, the clearest
_FRAMES = 8  # of a video that are read
_SEARCHED_FRAMES = 4  # of these, when other geometries are tried
_SMALLEST = 96  # pixels of a rectified picture; a smaller one has less than a tile
# All places at which a code word is compared with a picture: in place, mirrored, and those of the search.
ATTEMPTS = CELLS**2 * (2 + _READ_PLACES)
Item = TypeVar("Item")


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
    return detect_in_frames([Frame(image)], key, search=search)


def detect_in_frames(
    frames: Sequence[Frame], key: bytes, *, size: tuple[int, int] | None = None, search: bool = True
) -> Detection:
    """Look for the mark in frames of one video: their evidence adds up.

    At most 8 frames are read, spread over all: keyframes, if there are any, since codecs leave little of the
    mark in others when the picture moves. ``size`` is the height and width of the video, if its frames were
    scaled when it was decoded.
    """
    pattern = make_pattern(key)
    best = Word(0, 0.0)
    taken = _spread([frame for frame in frames if frame.keyframe] or frames, _FRAMES)
    for word in _words([canonical_luma(frame.image, size) for frame in taken], pattern, search):
        best = max(best, word, key=lambda each: each.statistic)
        if false_positive_bound(best.statistic, ATTEMPTS) <= MAX_FALSE_POSITIVE:
            break
    bound = false_positive_bound(best.statistic, ATTEMPTS)
    present = bound <= MAX_FALSE_POSITIVE
    payload = unscrambled(best.payload, key) if present else None
    return Detection(present, payload, best.statistic / needed_statistic(), bound)


def needed_statistic() -> float:
    """Return the statistic from which a mark counts as present."""
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = false_positive_bound(middle, ATTEMPTS) <= MAX_FALSE_POSITIVE
        low, high = (low, middle) if enough else (middle, high)
    return high


def _words(lumas: Sequence[Plane], pattern: Pattern, search: bool) -> Iterator[Word]:
    """Yield the words read, the cheapest attempts first."""
    white = _mean(whitened, lumas)
    views = white, white[:, ::-1]
    for view in views:
        yield from read(cell_sums(view, pattern), pattern, _WORDS)
    if not search or min(white.shape) < _SMALLEST:
        return
    searched = _spread(lumas, _SEARCHED_FRAMES)
    planes = [*views, *_rectified(searched, pattern)]
    found = [place for plane in planes for place in places(plane, pattern, _PLACES)]
    for place in sorted(found, key=lambda place: -place.clearness)[:_READ_PLACES]:
        yield from read(cell_sums(aligned(place, pattern), pattern), pattern, _WORDS)


def _rectified(lumas: Sequence[Plane], pattern: Pattern) -> Iterator[Plane]:
    """Yield evened planes of the pattern's scale, one for each of the likeliest geometries."""
    for candidate in candidates(lumas, pattern, _GEOMETRIES):
        rectified = [candidate.geometry().rectified(luma) for luma in lumas]
        if min(rectified[0].shape) >= _SMALLEST:
            yield _mean(whitened, rectified)


def _mean(change: Callable[[Plane], Plane], lumas: Sequence[Plane]) -> Plane:
    """Return the mean of the evened planes: the mark is the same in all, the rest of the pictures is not."""
    return np.asarray(np.mean([change(luma) for luma in lumas], axis=0), np.float32)


def _spread(items: Sequence[Item], count: int) -> Sequence[Item]:
    """Return at most ``count`` of the items, evenly spread."""
    if len(items) <= count:
        return items
    return [items[int((number + 0.5) * len(items) / count)] for number in range(count)]
