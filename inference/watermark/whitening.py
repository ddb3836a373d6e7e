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
_REDUCTIONS = (8, 4, 2, 1)  # low bands are evened out in reduced pictures, which takes less time
_HIGHEST = 0.5  # cycles per reduced pixel

Spectrum = NDArray[np.complex64]  # half plane of a real transform, (H, W // 2 + 1)


def whitened(luma: Plane) -> Plane:
    """Return a picture (H, W) of the pattern's scale with the variance of each band evened out."""
    return _evened(luma, _READING, _WINDOW)


def whitened_for_search(luma: Plane) -> Plane:
    """Return a picture (H, W) of unknown scale with the variance of each band evened out."""
    return _evened(luma, _SEARCH, _SEARCH_WINDOW)


def _evened(luma: Plane, borders: tuple[float, ...], window: int) -> Plane:
    height, width = luma.shape
    padded = _padded(luma - luma.mean())
    spectrum = _transformed(padded)
    total = np.zeros_like(spectrum)
    for ring, highest in enumerate(borders[1:]):
        factor = next(factor for factor in _REDUCTIONS if highest * factor <= _HIGHEST)
        shape = padded.shape[0] // factor, padded.shape[1] // factor
        even: Plane = np.zeros(shape, np.float32)
        part, numbers = _low(spectrum, factor), _bands(*shape, tuple(each * factor for each in borders))
        for number in range(ring * _ORIENTATIONS + 1, (ring + 1) * _ORIENTATIONS + 1):
            chosen = part * ((numbers == number) / np.float32(factor**2))
            band = fft.irfft2(chosen, shape).astype(np.float32)
            even += _flat(band, max(3, round(window / factor)))
        _add_low(total, _transformed(even) * np.float32(factor**2), factor)
    whole = fft.irfft2(total, padded.shape)[:height, :width]
    return np.asarray(whole / (whole.std() + 1e-9), np.float32)


def _flat(band: Plane, window: int) -> Plane:
    """Return a band divided by its local variance, without outliers."""
    flat = band * cv2.pow(cv2.sqrBoxFilter(band, -1, (window, window)) + _FLOOR, -_EXPONENT)
    limit = _CLIP * float(flat.std() + 1e-9)
    return np.asarray(np.clip(flat, -limit, limit, out=flat), np.float32)


def _transformed(plane: Plane) -> Spectrum:
    """Return the transform of a picture; numpy's takes several times as long."""
    complete = cv2.dft(plane, flags=cv2.DFT_COMPLEX_OUTPUT).view(np.complex64)
    return complete[:, : plane.shape[1] // 2 + 1, 0]


def _low(spectrum: Spectrum, factor: int) -> Spectrum:
    """Return the frequencies of a picture that is reduced by ``factor``."""
    rows, columns = len(spectrum) // factor // 2, (spectrum.shape[1] - 1) // factor + 1
    return np.concatenate([spectrum[:rows, :columns], spectrum[-rows:, :columns]])


def _add_low(total: Spectrum, part: Spectrum, factor: int) -> None:
    """Add the frequencies of a picture that was reduced by ``factor``."""
    if factor == 1:
        total += part
        return
    rows, columns = len(part) // 2, part.shape[1] - 1  # the highest of each axis stands for two
    total[:rows, :columns] += part[:rows, :columns]
    total[-rows + 1 :, :columns] += part[-rows + 1 :, :columns]


def _padded(luma: Plane) -> Plane:
    """Return the picture with a mirrored border, in a size that can be reduced and is quick to transform."""
    most = _REDUCTIONS[0]
    sides = [2 * most * cv2.getOptimalDFTSize(-(-side // (2 * most))) for side in luma.shape]
    bottom, right = (side - old for side, old in zip(sides, luma.shape, strict=True))
    return np.asarray(cv2.copyMakeBorder(luma, 0, bottom, 0, right, cv2.BORDER_REFLECT), np.float32)


@lru_cache(maxsize=12)
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
