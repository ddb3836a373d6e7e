"""Follow faces through the frames of a video: boxes in, one number a face out. Pure; knows no pixels.

Frames are far apart (32 over the whole video), so boxes need not overlap: a face continues where one of like
size was close by, in units of its own size.
"""

from collections.abc import Sequence
from itertools import product
from math import hypot

from inference.face import Box

MAX_DISTANCE = 1.0  # centres, in box sizes: a person moves by about a head between frames, not by two
MAX_GROWTH = 1.8  # ratio of sizes; more is another person, nearer or farther
MAX_GAP = 3  # frames for which a face may be hidden or missed by the face finder


def link(frames: Sequence[Sequence[Box]]) -> list[list[int]]:
    """Track number of each box of each frame, numbered from 0 in order of appearance.

    Within one frame the numbers are distinct. Closest pairs are linked first (greedy).
    """
    last: dict[int, tuple[int, Box]] = {}
    numbered: list[list[int]] = []
    for time, boxes in enumerate(frames):
        live = {track: box for track, (seen, box) in last.items() if time - seen <= MAX_GAP}
        matched = _match(live, boxes)
        fresh = len(last)
        numbers = []
        for index, box in enumerate(boxes):
            if index not in matched:
                matched[index], fresh = fresh, fresh + 1
            last[matched[index]] = (time, box)
            numbers.append(matched[index])
        numbered.append(numbers)
    return numbered


def distance(a: Box, b: Box) -> float:
    """Distance of the centres in units of the larger box's size; infinite where the sizes differ too much."""
    size_a, size_b = _size(a), _size(b)
    large, small = max(size_a, size_b), min(size_a, size_b)
    if small <= 0 or large / small > MAX_GROWTH:
        return float("inf")
    (ax, ay), (bx, by) = _centre(a), _centre(b)
    return hypot(ax - bx, ay - by) / large


def _match(live: dict[int, Box], boxes: Sequence[Box]) -> dict[int, int]:
    """Index of a box to its track, for those that have one."""
    pairs = sorted(
        (distance(box, boxes[index]), track, index)
        for (track, box), index in product(live.items(), range(len(boxes)))
    )
    matched: dict[int, int] = {}
    for apart, track, index in pairs:
        if apart <= MAX_DISTANCE and index not in matched and track not in matched.values():
            matched[index] = track
    return matched


def _size(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
