"""Link the face boxes of a video's frames into tracks, one per face. Pure functions.

Frames are far apart (32 over the whole video), so boxes of a face need not overlap: boxes are linked if their
sizes are similar and their centres are close, relative to the size.
"""

from collections.abc import Sequence
from itertools import product
from math import hypot

from inference.face import Box

MAX_DISTANCE = 1.0  # centres, in box sizes: a person moves by about a head between frames, not by two
MAX_GROWTH = 1.8  # ratio of sizes; a larger one means another person, nearer or farther
MAX_GAP = 3  # frames in which a face may be hidden or missed by the face detector


def link_tracks(frames: Sequence[Sequence[Box]]) -> list[list[int]]:
    """Return the track number of each box of each frame, numbered from 0 in order of appearance.

    The numbers within a frame are distinct. The closest pairs are linked first (greedy).
    """
    last: dict[int, tuple[int, Box]] = {}
    numbered: list[list[int]] = []
    for frame, boxes in enumerate(frames):
        live = {track: box for track, (latest, box) in last.items() if frame - latest <= MAX_GAP}
        matched = _match(live, boxes)
        unused = len(last)
        numbers = []
        for index, box in enumerate(boxes):
            if index not in matched:
                matched[index], unused = unused, unused + 1
            last[matched[index]] = (frame, box)
            numbers.append(matched[index])
        numbered.append(numbers)
    return numbered


def distance(a: Box, b: Box) -> float:
    """Return the distance of the centres relative to the larger box; infinite if the sizes differ a lot."""
    size_a, size_b = _size(a), _size(b)
    large, small = max(size_a, size_b), min(size_a, size_b)
    if small <= 0 or large / small > MAX_GROWTH:
        return float("inf")
    (ax, ay), (bx, by) = _centre(a), _centre(b)
    return hypot(ax - bx, ay - by) / large


def _match(live: dict[int, Box], boxes: Sequence[Box]) -> dict[int, int]:
    """Map the index of each box that continues a live track to that track."""
    pairs = sorted(
        (distance(box, boxes[index]), track, index)
        for (track, box), index in product(live.items(), range(len(boxes)))
    )
    matched: dict[int, int] = {}
    for separation, track, index in pairs:
        if separation <= MAX_DISTANCE and index not in matched and track not in matched.values():
            matched[index] = track
    return matched


def _size(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
