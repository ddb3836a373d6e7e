"""Finds scale, rotation, mirroring and aspect of a mark by its pilots, which are peaks of the spectrum."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy import fft
from numpy.typing import NDArray

from inference.watermark.canonical import Plane
from inference.watermark.geometry import Geometry
from inference.watermark.pattern import TILE, Pattern

SCALES = (0.3, 2.4)  # of the mark in the canonical picture
ROTATION = 7.0  # degrees, to both sides
ASPECT = 0.07  # to both sides
_SIDE = 1_024  # canonical pixels of the part that is transformed
_SCALE_STEP, _ROTATION_STEP, _ASPECT_STEP = 0.004, 0.25, 0.008
_CAP = 12.0  # times the local mean: no single line of the picture may look like many pilots
_MIN_PILOTS = 10  # within the spectrum; larger scales have all
_APART = 3  # steps between two candidates


@dataclass(frozen=True)
class Candidate:
    """A geometry without its translation, and the mean of the spectrum at its pilots (1 is noise)."""

    score: float
    scale: float
    rotation: float  # degrees
    aspect: float  # width over height, against the original
    mirrored: bool

    def geometry(self) -> Geometry:
        """Return the map from pattern coordinates to the picture, around its origin."""
        angle = math.radians(self.rotation)
        stretch = math.sqrt(self.aspect)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        flip = np.diag([-1.0 if self.mirrored else 1.0, 1.0])
        linear = self.scale * np.diag([stretch, 1 / stretch]) @ turn @ flip
        return Geometry(np.column_stack([linear, [0.0, 0.0]]))


def candidates(white: Plane, pattern: Pattern, count: int) -> list[Candidate]:
    """Return the likeliest geometries of a whitened canonical picture, the best first."""
    spectrum = _flattened(_centre(white))
    rotations = np.arange(-ROTATION, ROTATION + 1e-9, _ROTATION_STEP)
    aspects = np.exp(np.arange(-ASPECT, ASPECT + 1e-9, _ASPECT_STEP))
    found = _best(spectrum, pattern, rotations, np.ones(1), count)
    found += _best(spectrum, pattern, np.zeros(1), aspects, count)
    return sorted(found, key=lambda candidate: -candidate.score)[:count]


def _best(
    spectrum: Plane,
    pattern: Pattern,
    rotations: NDArray[np.float64],
    aspects: NDArray[np.float64],
    count: int,
) -> list[Candidate]:
    scales = np.exp(np.arange(math.log(SCALES[0]), math.log(SCALES[1]), _SCALE_STEP))
    best: list[Candidate] = []
    for mirrored in (False, True):
        scores = _scores(spectrum, pattern, scales, rotations, aspects, mirrored=mirrored)
        for _ in range(count):
            place = np.unravel_index(int(scores.argmax()), scores.shape)
            scale, rotation, aspect = (int(each) for each in place)
            best.append(
                Candidate(
                    float(scores[place]),
                    float(scales[scale]),
                    float(rotations[rotation]),
                    float(aspects[aspect]),
                    mirrored,
                )
            )
            near = tuple(slice(max(0, each - _APART), each + _APART + 1) for each in place)
            scores[near] = 0.0
    return best


def _scores(
    spectrum: Plane,
    pattern: Pattern,
    scales: NDArray[np.float64],
    rotations: NDArray[np.float64],
    aspects: NDArray[np.float64],
    *,
    mirrored: bool,
) -> NDArray[np.float32]:
    """Return the mean of the spectrum at the pilots, (scales, rotations, aspects).

    A picture that is mapped by M has the frequencies of the pattern mapped by the transpose of its inverse.
    """
    size = spectrum.shape[0]
    y, x = pattern.pilots.T / TILE
    x = -x if mirrored else x
    angles = np.radians(rotations)[:, None]
    turned_x = np.cos(angles) * x - np.sin(angles) * y
    turned_y = np.sin(angles) * x + np.cos(angles) * y
    stretch = np.sqrt(aspects)[:, None]
    fx = turned_x[None, :, None] / scales[:, None, None, None] / stretch
    fy = turned_y[None, :, None] / scales[:, None, None, None] * stretch
    inside = (np.abs(fx) < 0.5) & (np.abs(fy) < 0.5)
    columns = np.rint(fx * size).astype(np.int32) % size
    rows = np.rint(fy * size).astype(np.int32) % size
    values = np.where(inside, spectrum[rows, columns], 0.0)
    pilots = inside.sum(axis=-1)
    return np.asarray(
        np.where(pilots >= _MIN_PILOTS, values.sum(axis=-1) / np.maximum(pilots, 1), 0.0), np.float32
    )


def _centre(white: Plane) -> Plane:
    height, width = (min(side, _SIDE) for side in white.shape)
    top, left = (white.shape[0] - height) // 2, (white.shape[1] - width) // 2
    return white[top : top + height, left : left + width]


def _flattened(white: Plane) -> Plane:
    """Return the power spectrum over its local mean, capped, (N, N) with the frequency 0 first."""
    size = 2 * _SIDE if max(white.shape) > _SIDE // 2 else _SIDE
    windowed = white * _window(*white.shape)
    half = np.abs(fft.rfft2(windowed, (size, size))) ** 2
    power = np.empty((size, size), np.float32)
    power[:, : size // 2 + 1] = half
    power[:, size // 2 + 1 :] = np.roll(half[::-1, 1:-1][:, ::-1], 1, axis=0)
    local = cv2.blur(power, (61, 61), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(np.minimum(power / (local + 1e-9), _CAP), np.float32)


@lru_cache(maxsize=4)
def _window(height: int, width: int) -> Plane:
    return np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]).astype(np.float32)
