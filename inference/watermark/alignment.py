"""Finds where the tiles of a rectified picture begin, and mends what is left of its distortion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.watermark.canonical import Plane
from inference.watermark.geometry import Geometry, Matrix
from inference.watermark.pattern import TILE, Pattern

_REACH = 6  # pixels by which a part may differ from the whole
_PARTS = 3  # in each direction


@dataclass(frozen=True, eq=False)
class Place:
    """Where the first tile of an evened plane may begin: its corner (x, y) modulo 128 pixels.

    ``clearness`` is by how many standard deviations the correlation with the pilots is above its mean.
    """

    white: Plane
    corner: tuple[float, float]
    clearness: float


def places(white: Plane, pattern: Pattern, count: int) -> list[Place]:
    """Return the likeliest places, the best first."""
    surface = _correlation(white, pattern)
    mean, deviation = surface.mean(), surface.std() + 1e-9
    found = []
    for _ in range(count):
        y, x = np.unravel_index(int(surface.argmax()), surface.shape)
        clearness = float((surface[y, x] - mean) / deviation)
        found.append(Place(white, (float(x), float(y)), clearness))
        rows, columns = ((np.arange(-4, 5) + place) % TILE for place in (y, x))
        surface[np.ix_(rows, columns)] = -np.inf
    return found


def aligned(place: Place, pattern: Pattern) -> Plane:
    """Return the evened plane of a place from the corner of a tile on.

    It is moved, or also mended if that makes the pilots clearer: in small pictures the distortion is lost in
    noise.
    """
    moved = np.column_stack([np.eye(2), place.corner])
    mended = _mended(place.white, pattern, place.corner)
    planes = [Geometry(matrix).on_tiles(place.white) for matrix in (moved, mended)]
    return max(planes, key=lambda plane: float(_correlation(plane, pattern)[0, 0]))


def _mended(white: Plane, pattern: Pattern, place: tuple[float, float]) -> Matrix:
    """Return the affine map (2, 3) from pattern coordinates, first corner at 0, to those of ``white``.

    The displacement of each of 3 x 3 overlapping parts is measured, and a plane is laid through them.
    """
    height, width = white.shape
    points, moves, weights = [], [], []
    part_height, part_width = max(TILE, height // 2), max(TILE, width // 2)
    for top in np.linspace(0, max(0, height - part_height), _PARTS).astype(int):
        for left in np.linspace(0, max(0, width - part_width), _PARTS).astype(int):
            part = white[top : top + part_height, left : left + part_width]
            offset = ((place[0] - left) % TILE, (place[1] - top) % TILE)
            move, weight = _displacement(_correlation(part, pattern), offset)
            points.append((left + part.shape[1] / 2, top + part.shape[0] / 2, 1.0))
            moves.append(move)
            weights.append(weight)
    known, wanted, trust = np.array(points), np.array(moves), np.array(weights)[:, None]
    plane, *_ = np.linalg.lstsq(known * trust, wanted * trust, rcond=None)  # (3, 2)
    linear = np.eye(2) + plane[:2].T
    return np.column_stack([linear, plane[2] + np.array(place)])


def _displacement(
    surface: NDArray[np.float64], offset: tuple[float, float]
) -> tuple[NDArray[np.float64], float]:
    """Return how far from ``offset`` (x, y) the correlation peaks nearby, and how clearly."""
    centre = np.rint(offset).astype(int)
    steps = np.arange(-_REACH, _REACH + 1)
    near = surface[np.ix_((steps + centre[1]) % TILE, (steps + centre[0]) % TILE)]
    y, x = (int(each) for each in np.unravel_index(int(near.argmax()), near.shape))
    clear = max(float(near.max() / (surface.std() + 1e-9)) - 2.0, 0.01)
    found = np.array([x + _peak(near[y], x), y + _peak(near[:, x], y)]) - _REACH + centre - np.array(offset)
    return found, clear


def _peak(values: NDArray[np.float64], place: int) -> float:
    """Return the offset of a parabola's top from ``place``, within half a pixel."""
    if not 0 < place < len(values) - 1:
        return 0.0
    before, here, after = values[place - 1 : place + 2]
    curvature = before - 2 * here + after
    return 0.0 if curvature >= 0 else float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))


def _correlation(white: Plane, pattern: Pattern) -> NDArray[np.float64]:
    """Return the correlation of the folded picture with the pilots for each place of a tile, (128, 128)."""
    height, width = (-(-side // TILE) * TILE for side in white.shape)
    padded = np.zeros((height, width), np.float32)
    padded[: white.shape[0], : white.shape[1]] = white
    folded = padded.reshape(height // TILE, TILE, width // TILE, TILE).sum(axis=(0, 2))
    spectrum = np.fft.fft2(folded)
    product = np.zeros((TILE, TILE), np.complex128)
    y, x = pattern.pilots.T % TILE
    values = spectrum[y, x]
    product[y, x] = (
        values / (np.abs(values) + np.median(np.abs(values)) + 1e-9) * np.conj(pattern.pilot_values)
    )
    return np.fft.ifft2(product).real
