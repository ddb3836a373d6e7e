"""Takes the picture out of a marked picture: what is left has the same strength everywhere, mark included.

Bands of frequencies and orientations are each divided by their local variance: where the picture is busy, it
counts less. That is the largest single gain of detection.
"""

from functools import lru_cache

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
    return _evened(luma, _READING, _WINDOW)


def whitened_for_search(luma: Plane) -> Plane:
    """Return a picture (H, W) of unknown scale with the variance of each band evened out."""
    return _evened(luma, _SEARCH, _SEARCH_WINDOW)


def _evened(luma: Plane, borders: tuple[float, ...], window: int) -> Plane:
    height, width = luma.shape
    padded = _padded(luma - luma.mean())
    spectrum = fft.rfft2(padded)
    bands = _bands(*padded.shape, borders)
    total = np.zeros_like(padded)
    for number in range(1, _ORIENTATIONS * (len(borders) - 1) + 1):
        band = fft.irfft2(spectrum * (bands == number).astype(np.float32), padded.shape)
        flat = band * cv2.pow(cv2.sqrBoxFilter(band, -1, (window, window)) + _FLOOR, -_EXPONENT)
        limit = _CLIP * float(flat.std() + 1e-9)
        total += np.clip(flat, -limit, limit, out=flat)
    whole = total[:height, :width]
    return np.asarray(whole / (whole.std() + 1e-9), np.float32)


def _padded(luma: Plane) -> Plane:
    """Return the picture with its border mirrored to a size whose transform is quick."""
    height, width = luma.shape
    bottom, right = cv2.getOptimalDFTSize(height) - height, cv2.getOptimalDFTSize(width) - width
    width_is_odd = (width + right) % 2
    return np.asarray(
        cv2.copyMakeBorder(luma, 0, bottom, 0, right + width_is_odd, cv2.BORDER_REFLECT), np.float32
    )


@lru_cache(maxsize=4)
def _bands(height: int, width: int, borders: tuple[float, ...]) -> NDArray[np.int8]:
    """Return the number of the band of each frequency of a real transform, (H, W // 2 + 1); 0 is none."""
    y = fft.fftfreq(height).astype(np.float32)[:, None]
    x = fft.rfftfreq(width).astype(np.float32)[None, :]
    ring = np.digitize(np.hypot(y, x), borders)
    sector = ((np.arctan2(y, x) * (_ORIENTATIONS / np.pi)) % _ORIENTATIONS).astype(np.int8)
    sector %= _ORIENTATIONS  # the rest of a tiny negative number is rounded up
    numbers = (ring - 1) * _ORIENTATIONS + sector + 1
    numbers[(ring == 0) | (ring == len(borders))] = 0
    return numbers.astype(np.int8)
