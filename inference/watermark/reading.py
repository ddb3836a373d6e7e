"""Reads the code word from a picture whose tiles are known to lie in a grid of 128 pixels."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import fft
from numpy.typing import NDArray

from inference.watermark.canonical import Plane
from inference.watermark.code import CODE_BITS, PAYLOAD_BITS, decode, encode
from inference.watermark.pattern import CELLS, RADII, TILE, Pattern

_NEIGHBOURS = (7, 7)  # cycles per tile
_EVENING = (
    0.75  # 0.5 gives all frequencies the same noise, 1 is the matched filter if the mark is the same in all
)

Complexes = NDArray[np.complex64]


@dataclass(frozen=True)
class Word:
    """A payload that was read, and how strongly its code word is there; see :func:`false_positive_bound`."""

    payload: int
    statistic: float


def cell_sums(white: Plane, pattern: Pattern) -> NDArray[np.float64]:
    """Return the evened data dimensions of the picture, summed over the tiles of each cell, (16, 2 N)."""
    spectra = _tile_spectra(white)
    y, x = pattern.data.T
    values = spectra[:, :, y % TILE, x]
    values = values / np.sqrt(_smooth((np.abs(values) ** 2).mean(axis=(0, 1)), pattern) + 1e-9)
    sums = np.zeros((CELLS, CELLS, values.shape[2]), np.complex128)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            sums[row % CELLS, column % CELLS] += values[row, column]
    flat = sums.reshape(CELLS * CELLS, -1)
    return np.concatenate([flat.real, flat.imag], axis=1)


def read(sums: NDArray[np.float64], pattern: Pattern, tries: int) -> list[Word]:
    """Return the words read with the most promising places of the first cell, the best first."""
    signed = np.stack([(rolled(sums, place) * pattern.signs).sum(axis=0) for place in range(CELLS * CELLS)])
    soft = np.zeros((CELLS * CELLS, CODE_BITS))
    np.add.at(soft.T, pattern.bits, (signed * pattern.weights).T)
    energy = (soft**2).sum(axis=1)
    likely = np.argsort(-energy)[:tries]
    scale = np.sqrt((soft[likely] ** 2).mean(axis=1, keepdims=True)) + 1e-12
    words = [
        Word(payload, statistic(rolled(sums, int(place)), pattern, encode(payload)))
        for place, payload in zip(likely, decode(soft[likely] / scale), strict=True)
        if payload is not None
    ]
    return sorted(words, key=lambda word: -word.statistic)


def statistic(sums: NDArray[np.float64], pattern: Pattern, code: NDArray[np.uint8]) -> float:
    """Return how strongly a code word is in the sums of cells whose first is the pattern's first."""
    weighted = sums * pattern.weights
    signs = pattern.signs * (code[pattern.bits] * 2.0 - 1.0)
    return float((weighted * signs).sum() / (np.linalg.norm(weighted) + 1e-12))


def false_positive_bound(statistic: float, attempts: int) -> float:
    """Return the largest probability that a picture without this key's mark reaches ``statistic``.

    The signs are independent of the picture, so the statistic of one code word at one place is a weighted sum
    of random signs with unit norm (Hoeffding, 1963): exp(-t^2 / 2). There are 2^52 words, and ``attempts``
    places (union bound).
    """
    return math.exp(min(0.0, math.log(attempts) + PAYLOAD_BITS * math.log(2) - statistic**2 / 2))


def rolled(sums: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    """Return the sums as if the picture's first tile were at ``place`` among the cells."""
    grid = sums.reshape(CELLS, CELLS, -1)
    return np.roll(grid, (place // CELLS, place % CELLS), axis=(0, 1)).reshape(sums.shape)


def _smooth(energy: NDArray[np.float32], pattern: Pattern) -> NDArray[np.float32]:
    """Return the energy (N,) of the data frequencies averaged over their neighbours.

    Frequencies count by how little of the picture is there. That does not depend on the signs, so it does not
    change the bound.
    """
    y, x = pattern.data.T
    y = y + int(RADII[1])
    total = np.zeros((2 * int(RADII[1]) + 1, int(RADII[1]) + 1), np.float32)
    count = np.zeros_like(total)
    total[y, x], count[y, x] = energy, 1.0
    mean = cv2.blur(total, _NEIGHBOURS) / np.maximum(cv2.blur(count, _NEIGHBOURS), 1e-6)
    return np.asarray(mean[y, x], np.float32)


def _tile_spectra(white: Plane) -> Complexes:
    """Return the transforms of all tiles, (rows, columns, 128, 65); those at the border are zero-padded."""
    height, width = (-(-side // TILE) * TILE for side in white.shape)
    padded = np.zeros((height, width), np.float32)
    padded[: white.shape[0], : white.shape[1]] = white
    tiles = padded.reshape(height // TILE, TILE, width // TILE, TILE).transpose(0, 2, 1, 3)
    return np.asarray(fft.rfft2(tiles), np.complex64)
