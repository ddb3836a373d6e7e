"""Adds the mark to a picture, weaker where it would be seen."""

import math

import cv2
import numpy as np

from inference.media.decoded import Pixels
from inference.watermark.canonical import Plane, canonical_luma
from inference.watermark.code import encode
from inference.watermark.pattern import CELLS, TILE, make_pattern

PSNR = 44.0  # dB
SMALL_PSNR = 42.0  # of pictures with a short side below SMALL: there are few pixels to carry the mark
SMALL = 400
SMALLEST = 128  # pixels on each side: one tile
_WINDOWS = (7, 21)  # canonical pixels; the quieter of the two counts, so that edges do not spread the mark
_FLOOR = 2.0  # grey levels of activity that even a flat area is taken to have
_FLAT_RMS = 0.9  # grey levels of the mark in an area without any activity, at most: more would be seen


def embed(image: Pixels, payload: int, key: bytes, psnr: float | None = None) -> Pixels:
    """Return the picture (H, W, 3) uint8 RGB with a mark that carries ``payload``, 52 bits.

    ``psnr`` is the strength in dB; None: 44, or 42 for pictures below 400 pixels. Pictures that are mostly
    flat get a weaker mark.
    """
    height, width = image.shape[:2]
    luma = canonical_luma(image)
    mark = _sized(_tiled(payload, key, *luma.shape) * _mask(luma), height, width)
    wanted = psnr or (SMALL_PSNR if min(height, width) < SMALL else PSNR)
    amplitude = 255.0 * 10 ** (-wanted / 20) / max(float(np.sqrt(np.mean(mark**2))), 1e-9)
    amplitude = min(amplitude, _FLAT_RMS / math.sqrt(_FLOOR))
    marked = image.astype(np.float32) + (amplitude * mark)[..., None]
    return np.asarray(np.clip(np.rint(marked), 0, 255), np.uint8)


def _tiled(payload: int, key: bytes, height: int, width: int) -> Plane:
    tiles = make_pattern(key).tiles(encode(payload))
    block = tiles.transpose(0, 2, 1, 3).reshape(CELLS * TILE, CELLS * TILE).astype(np.float32)
    repeats = -(-height // block.shape[0]), -(-width // block.shape[1])
    return np.tile(block, repeats)[:height, :width]


def _sized(mark: Plane, height: int, width: int) -> Plane:
    if mark.shape == (height, width):
        return mark
    return np.asarray(cv2.resize(mark, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _mask(luma: Plane) -> Plane:
    """Return the relative amplitude at each pixel: the square root of the local activity."""
    activity = np.minimum.reduce([_deviation(luma, size) for size in _WINDOWS])
    return np.asarray(np.sqrt(activity + _FLOOR), np.float32)


def _deviation(luma: Plane, size: int) -> Plane:
    mean = cv2.blur(luma, (size, size))
    square = cv2.blur(luma * luma, (size, size))
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)), np.float32)
