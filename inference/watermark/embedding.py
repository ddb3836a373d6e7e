"""Adds the mark to a picture, weaker where it would be seen."""

import math

import cv2
import numpy as np

from inference.media.decoded import Pixels
from inference.watermark.canonical import Plane, canonical_luma
from inference.watermark.code import encode
from inference.watermark.pattern import CELLS, TILE, make_pattern
from inference.watermark.reading import cell_sums, rolled, statistic
from inference.watermark.whitening import whitened

PSNR = 44.0  # dB, from which the strength is adapted to the picture
SMALL_PSNR = 42.0  # of pictures with a short side below SMALL: there are few pixels to carry the mark
SMALL = 400
WEAKER, STRONGER = 2.0, 6.0  # dB, the most by which the strength is adapted
_WANTED = 34.0  # statistic of the mark after JPEG 50; 11 are needed, and others may do more to the picture
_SMALL_WANTED = 27.0
_QUALITY = 50
_PART = 5 * TILE  # canonical pixels of the part that is measured
SMALLEST = 128  # pixels on each side: one tile
_WINDOWS = (7, 21)  # canonical pixels; the quieter of the two counts, so that edges do not spread the mark
_FLOOR = 2.0  # grey levels of activity that even a flat area is taken to have
_FLAT_RMS = 0.9  # grey levels of the mark in an area without any activity, at most: more would be seen


def embed(image: Pixels, payload: int, key: bytes, psnr: float | None = None) -> Pixels:
    """Return the picture (H, W, 3) uint8 RGB with a mark that carries ``payload``, 52 bits.

    ``psnr`` is the strength in dB. None: what it takes to read the mark after JPEG with a margin, from 46 dB
    in pictures that carry it well down to 38 dB in dense textures, which hide it from the eye and from us
    alike; 2 dB less in small pictures. Pictures that are mostly flat get a weaker mark in any case.
    """
    height, width = image.shape[:2]
    luma = canonical_luma(image)
    mark = _sized(_tiled(payload, key, *luma.shape) * relative_amplitude(luma), height, width)
    rms = max(float(np.sqrt(np.mean(mark**2))), 1e-9)
    if psnr is not None:
        return _added(image, mark, rms, psnr)
    small = min(height, width) < SMALL
    psnr, wanted = (SMALL_PSNR, _SMALL_WANTED) if small else (PSNR, _WANTED)
    found = _statistic_after_jpeg(_added(image, mark, rms, psnr), payload, key)
    change = float(np.clip(20 * math.log10(max(found, 1.0) / wanted), -STRONGER, WEAKER))
    return _added(image, mark, rms, psnr + change)


def _added(image: Pixels, mark: Plane, rms: float, psnr: float) -> Pixels:
    amplitude = min(255.0 * 10 ** (-psnr / 20) / rms, _FLAT_RMS / math.sqrt(_FLOOR))
    marked = image.astype(np.float32) + (amplitude * mark)[..., None]
    return np.asarray(np.clip(np.rint(marked), 0, 255), np.uint8)


def _statistic_after_jpeg(marked: Pixels, payload: int, key: bytes) -> float:
    """Return what the statistic of the whole picture would be by that of its middle."""
    luma = canonical_luma(marked)
    row, column = (max(0, side - _PART) // 2 // TILE for side in luma.shape)
    part = luma[row * TILE :, column * TILE :][:_PART, :_PART]
    _, file = cv2.imencode(".jpg", np.rint(part).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    pattern = make_pattern(key)
    decoded = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32)
    sums = rolled(cell_sums(whitened(decoded), pattern), row % CELLS * CELLS + column % CELLS)
    return statistic(sums, pattern, encode(payload)) * math.sqrt(luma.size / part.size)


def _tiled(payload: int, key: bytes, height: int, width: int) -> Plane:
    tiles = make_pattern(key).tiles(encode(payload))
    block = tiles.transpose(0, 2, 1, 3).reshape(CELLS * TILE, CELLS * TILE).astype(np.float32)
    repeats = -(-height // block.shape[0]), -(-width // block.shape[1])
    return np.tile(block, repeats)[:height, :width]


def _sized(mark: Plane, height: int, width: int) -> Plane:
    if mark.shape == (height, width):
        return mark
    return np.asarray(cv2.resize(mark, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def relative_amplitude(luma: Plane) -> Plane:
    """Return the relative amplitude at each pixel: the square root of the local activity."""
    activity = np.minimum.reduce([_deviation(luma, size) for size in _WINDOWS])
    return np.asarray(np.sqrt(activity + _FLOOR), np.float32)


def _deviation(luma: Plane, size: int) -> Plane:
    mean = cv2.blur(luma, (size, size))
    square = cv2.blur(luma * luma, (size, size))
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)), np.float32)
