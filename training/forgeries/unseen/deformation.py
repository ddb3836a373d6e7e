"""Warp a picture by moving control points of it (moving least squares)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.masks import Floats

Image = NDArray[np.uint8]
Complex = NDArray[np.complex128]  # x + iy

FALLOFF = 1.5  # exponent of the distance in a point's weight; above 1 the deformation stays local
GRID = 4  # pixels between the positions where the map is computed; it is smooth


def moving_least_squares(places: Complex, start: Complex, end: Complex) -> Complex:
    """Return the positions of ``places`` after moving each point of ``start`` to its ``end``.

    Rigid variant: Schaefer, McPhail & Warren, "Image Deformation Using Moving Least Squares", 2006.
    """
    weights = 1 / (np.abs(places[:, None] - start) ** (2 * FALLOFF) + 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    centre, goal = weights @ start, weights @ end
    rotation = (weights * (start - centre[:, None]).conj() * (end - goal[:, None])).sum(axis=1)
    moved: Complex = goal + rotation / np.maximum(np.abs(rotation), 1e-12) * (places - centre)
    return moved


def _complex(points: Floats) -> Complex:
    return points[:, 0] + 1j * points[:, 1].astype(np.float64)


def deform(image: Image, start: Floats, end: Floats, weight: Floats) -> Image:
    """Return the picture (H, W, 3) with the points ``start`` moved to ``end``, (P, 2) pixels each.

    ``weight`` (H, W) in [0, 1] scales the displacement of each pixel; where it is 0 nothing moves.
    """
    height, width = image.shape[:2]
    rows, columns = (
        np.linspace(0, height - 1, height // GRID + 2),
        np.linspace(0, width - 1, width // GRID + 2),
    )
    places = (columns[None, :] + 1j * rows[:, None]).ravel()
    # Inverse map: the origin of each position of the result.
    origins = moving_least_squares(places, _complex(end), _complex(start)) - places
    coarse = origins.reshape(len(rows), len(columns))
    shift = [
        cv2.resize(part.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC) * weight
        for part in (coarse.real, coarse.imag)
    ]
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    moved = cv2.remap(image, xs + shift[0], ys + shift[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.uint8, copy=False)
