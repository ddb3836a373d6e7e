"""Finds scale, rotation, mirroring and aspect of a mark by its pilots, which are peaks of the spectrum."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy import fft
from numpy.typing import NDArray

from inference.watermark.canonical import Plane
from inference.watermark.geometry import Geometry
from inference.watermark.pattern import TILE, Pattern
from inference.watermark.whitening import whitened_for_search

SCALES = (0.3, 2.4)  # of the mark in the canonical picture
ROTATION = 7.0  # degrees, to both sides
ASPECT = 0.07  # to both sides
_SIDE = 768  # canonical pixels of the part that is transformed
_SCALE_STEP, _ROTATION_STEP, _ASPECT_STEP = 0.004, 0.25, 0.008
_CAP = 12.0  # times the local mean: no single line of the picture may look like many pilots
_MIN_PILOTS = 10  # within the spectrum; larger scales have all
_APART = 3  # steps between two candidates
_SAME_SCALE, _SAME_ROTATION = 0.015, 0.8  # between candidates that alignment makes equal
_TRIED = 150  # candidates by the strength of the pilots, whose phases are then compared


@dataclass(frozen=True)
class Candidate:
    """A geometry without its translation, and how strong its pilots are."""

    score: float
    scale: float
    rotation: float  # degrees
    aspect: float  # width over height, against the original
    mirrored: bool

    def resembles(self, other: "Candidate") -> bool:
        """Tell whether aligning one would lead to the other."""
        return (
            self.mirrored == other.mirrored
            and abs(math.log(self.scale / other.scale)) < _SAME_SCALE
            and abs(math.log(self.aspect / other.aspect)) < _SAME_SCALE
            and abs(self.rotation - other.rotation) < _SAME_ROTATION
        )

    def geometry(self) -> Geometry:
        """Return the map from pattern coordinates to the picture, around its origin."""
        angle = math.radians(self.rotation)
        stretch = math.sqrt(self.aspect)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        flip = np.diag([-1.0 if self.mirrored else 1.0, 1.0])
        linear = self.scale * np.diag([stretch, 1 / stretch]) @ turn @ flip
        return Geometry(np.column_stack([linear, [0.0, 0.0]]))


def candidates(lumas: Sequence[Plane], pattern: Pattern, count: int) -> list[Candidate]:
    """Return the likeliest geometries of the canonical frames of a video or of a picture, the best first."""
    white = np.mean([whitened_for_search(_centre(luma)) for luma in lumas], axis=0)
    spectrum = _Spectrum.of(white)
    rotations = np.arange(-ROTATION, ROTATION + 1e-9, _ROTATION_STEP)
    aspects = np.exp(np.arange(-ASPECT, ASPECT + 1e-9, _ASPECT_STEP))
    found = _best(spectrum.power, pattern, rotations, np.ones(1), _TRIED)
    found += _best(spectrum.power, pattern, np.zeros(1), aspects, _TRIED)
    found = sorted(found, key=lambda candidate: -candidate.score)[:_TRIED]
    found = [replace(each, score=_coherence(spectrum, pattern, each)) for each in found]
    distinct: list[Candidate] = []
    for candidate in sorted(found, key=lambda candidate: -candidate.score):
        if not any(map(candidate.resembles, distinct)):
            distinct.append(candidate)
    return distinct[:count]


@dataclass(frozen=True, eq=False)
class _Spectrum:
    """The spectrum of a windowed picture around its middle, and its power relative to the local mean."""

    values: NDArray[np.complex64]  # (N, N)
    power: Plane  # (N, N), capped

    @classmethod
    def of(cls, white: Plane) -> "_Spectrum":
        size = 2 * _SIDE if max(white.shape) > _SIDE // 2 else _SIDE
        padded = np.zeros((size, size), np.float32)
        height, width = white.shape
        padded[:height, :width] = white * _window(height, width)
        middle = -(height // 2), -(width // 2)
        complete = cv2.dft(np.roll(padded, middle, axis=(0, 1)), flags=cv2.DFT_COMPLEX_OUTPUT)
        values = complete.view(np.complex64)[..., 0]
        strengths = np.abs(values)
        return cls(values, _flattened(strengths * strengths))

    def at(self, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.complex64]:
        """Return the values at frequencies in cycles per pixel, relative to the local mean of the power."""
        size = len(self.values)
        rows, columns = (np.rint(axis * size).astype(int) % size for axis in (y, x))
        values = self.values[rows, columns]
        return np.asarray(values / (np.abs(values) + 1e-9) * np.sqrt(self.power[rows, columns]), np.complex64)


def _coherence(spectrum: _Spectrum, pattern: Pattern, candidate: Candidate) -> float:
    """Return by how many standard deviations of noise the pilots agree on one place of the tiles."""
    linear = candidate.geometry().matrix[:, :2]
    y, x = pattern.pilots.T
    fx, fy = np.linalg.inv(linear).T @ np.stack([x, y]) / TILE
    inside = (np.abs(fx) < 0.5) & (np.abs(fy) < 0.5)
    surface = np.zeros((TILE, TILE), np.complex64)
    surface[y[inside] % TILE, x[inside] % TILE] = spectrum.at(fy[inside], fx[inside]) * np.conj(
        np.sign(pattern.pilot_values[inside])
    )
    return float(fft.ifft2(surface).real.max()) * TILE**2 / math.sqrt(max(int(inside.sum()), 1))


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


def _centre(luma: Plane) -> Plane:
    height, width = (min(side, _SIDE) for side in luma.shape)
    top, left = (luma.shape[0] - height) // 2, (luma.shape[1] - width) // 2
    return luma[top : top + height, left : left + width]


def _flattened(power: Plane) -> Plane:
    """Return the power (N, N) over its local mean, capped."""
    local = cv2.blur(power, (61, 61), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(np.minimum(power / (local + 1e-9), _CAP), np.float32)


@lru_cache(maxsize=4)
def _window(height: int, width: int) -> Plane:
    return np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]).astype(np.float32)
