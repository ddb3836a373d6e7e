"""Takes the picture out of a marked picture: what is left has the same strength everywhere, mark included.

Bands of frequencies and orientations are each divided by their local variance: where the picture is busy, it
counts less. That is the largest single gain of detection.
"""

from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy import fft
from numpy.typing import NDArray

from inference.watermark.canonical import Plane
from inference.watermark.pattern import RADII, TILE

_READING = (RADII[0] / TILE, 12 / TILE, 21 / TILE, RADII[1] / TILE)  # borders of bands, cycles per pixel
_SEARCH = (0.025, 0.055, 0.11, 0.22, 0.36, 0.5)  # where a mark can be that was made smaller or larger
_ORIENTATIONS = 4
_WINDOW = 25  # pixels of the local variance
_SEARCH_WINDOW = 13  # likewise; the picture may be a reduced one
_FLOOR = 2.0  # variance in grey levels; below it, what is left of compression would count as much as the mark
_EXPONENT = 0.9
_CLIP = 3.0  # standard deviations


def whitened(luma: Plane) -> Plane:
    """Return a picture (H, W) of the pattern's scale with the variance of each band evened out."""
    return _evened(luma, _bands(*luma.shape, _READING), _WINDOW)


def whitened_for_search(luma: Plane) -> Plane:
    """Return a picture (H, W) of unknown scale with the variance of each band evened out."""
    return _evened(luma, _bands(*luma.shape, _SEARCH), _SEARCH_WINDOW)


def _evened(luma: Plane, bands: NDArray[np.float32], window: int) -> Plane:
    spectrum = fft.rfft2(luma - luma.mean())
    total = np.zeros_like(luma)
    for mask in bands:
        band = fft.irfft2(spectrum * mask, luma.shape).astype(np.float32)
        variance = cv2.blur(band * band, (window, window))
        flat = band / (variance + _FLOOR) ** _EXPONENT
        limit = _CLIP * float(flat.std() + 1e-9)
        total += np.clip(flat, -limit, limit)
    return np.asarray(total / (total.std() + 1e-9), np.float32)


@lru_cache(maxsize=4)
def _bands(height: int, width: int, borders: tuple[float, ...]) -> NDArray[np.float32]:
    """Return the masks of all bands on the half plane of a real transform, (N, H, W // 2 + 1)."""
    y = fft.fftfreq(height)[:, None]
    x = fft.rfftfreq(width)[None, :]
    radius, angle = np.hypot(y, x), np.arctan2(y, x) % np.pi
    masks = []
    for low, high in pairwise(borders):
        ring = (radius >= low) & (radius < high + 1e-9)
        for number in range(_ORIENTATIONS):
            sector = (angle * _ORIENTATIONS / np.pi).astype(int) % _ORIENTATIONS == number
            masks.append(ring & sector)
    return np.array(masks, np.float32)
