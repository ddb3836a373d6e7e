"""Split data into training, calibration and test by person or cluster of near-duplicates.

A swap shows two persons. It belongs to a side only if both persons do; otherwise it is not used.
"""

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from training.datasets import Photo

TRAIN_SHARE = 0.8
CALIBRATION_SHARE = 0.1  # the rest is the test
# Of 256 bits. PDQ's authors use 31 for the same picture. The limit here is a little lower, since there are
# many faces, and aligned faces of different persons are more similar than that rule assumes.
SAME_PICTURE_BITS = 28
BLOCK = 1024  # rows compared at a time: 1024 x 25,000 float32 are 100 MB


class Split(StrEnum):
    TRAIN = "train"
    CALIBRATION = "calibration"
    TEST = "test"


def split_of(unit: str) -> Split:
    """Return the side of a person or cluster, by a hash of its name, so that it never changes."""
    position = int.from_bytes(hashlib.sha256(unit.encode()).digest()[:8]) / 2**64
    if position < TRAIN_SHARE:
        return Split.TRAIN
    return Split.CALIBRATION if position < TRAIN_SHARE + CALIBRATION_SHARE else Split.TEST


def side_of(unit: str, source: str = "") -> Split | None:
    """Return the side of a picture of ``unit``, with the face of ``source`` swapped in if given.

    Return None if the two are on different sides: the picture would leak a person to either side.
    """
    side = split_of(unit)
    return side if not source or split_of(source) == side else None


def take(photos: Iterable[Photo], split: Split) -> list[Photo]:
    """Return the photographs of one side."""
    return [photo for photo in photos if side_of(photo.unit, photo.source) == split]


def near_duplicates(hashes: NDArray[np.uint8]) -> list[int]:
    """Return the lowest index of the cluster of each of N PDQ hashes, (N, 256) of 0 and 1.

    Hashes within SAME_PICTURE_BITS are in one cluster, transitively.
    """
    parents = list(range(len(hashes)))
    signs = hashes.astype(np.float32) * 2 - 1
    least = hashes.shape[1] - 2 * SAME_PICTURE_BITS  # the product of two sign vectors at that distance
    for start in range(0, len(signs), BLOCK):
        rows, columns = np.nonzero(signs[start : start + BLOCK] @ signs.T >= least)
        for row, column in zip((rows + start).tolist(), columns.tolist(), strict=True):
            if row < column:
                _join(parents, row, column)
    return [_root(parents, index) for index in range(len(parents))]


def _root(parents: Sequence[int], index: int) -> int:
    while parents[index] != index:
        index = parents[index]
    return index


def _join(parents: list[int], first: int, second: int) -> None:
    low, high = sorted((_root(parents, first), _root(parents, second)))
    parents[high] = low
