"""Adds the mark to a picture or to the frames of a video, weaker where it would be seen."""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

import cv2
import numpy as np

from inference.media.decoded import Pixels
from inference.watermark.canonical import Plane, canonical_luma
from inference.watermark.code import encode
from inference.watermark.pattern import CELLS, TILE, make_pattern
from inference.watermark.reading import cell_sums, rolled, statistic
from inference.watermark.scrambling import scrambled
from inference.watermark.whitening import whitened

PSNR = 44.0  # dB, from which the strength is adapted to the picture
SMALL_PSNR = 42.0  # of pictures with a short side below SMALL: there are few pixels to carry the mark
SMALL = 400
WEAKER, STRONGER = 2.0, 6.0  # dB, the most by which the strength is adapted
_WANTED = 34.0  # statistic of the mark after JPEG 50; 11 are needed, and others may do more to the picture
_SMALL_WANTED = 27.0
_QUALITY = 50
_MEASURED_FRAMES = 50
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
    mark = _mark(image, payload, key)
    return _added(image, mark, _psnr(image, mark, payload, key) if psnr is None else psnr)


def embed_in_frames(
    frames: Iterable[Pixels], payload: int, key: bytes, psnr: float | None = None
) -> Iterator[Pixels]:
    """Yield the frames of a video with the same mark, as strong as :func:`embed` makes it.

    What a frame needs is measured every 50 frames.
    """
    strength = psnr
    for number, frame in enumerate(frames):
        mark = _mark(frame, payload, key)
        if psnr is None and number % _MEASURED_FRAMES == 0:
            strength = _psnr(frame, mark, payload, key)
        assert strength is not None  # measured at the first frame
        yield _added(frame, mark, strength)


def _mark(image: Pixels, payload: int, key: bytes) -> Plane:
    """Return the mark of a picture in its size, of any strength."""
    luma = canonical_luma(image)
    return _sized(_tiled(payload, key, *luma.shape) * relative_amplitude(luma), *image.shape[:2])


def _psnr(image: Pixels, mark: Plane, payload: int, key: bytes) -> float:
    """Return the strength at which the mark can be read after JPEG, within limits."""
    small = min(image.shape[:2]) < SMALL
    psnr, wanted = (SMALL_PSNR, _SMALL_WANTED) if small else (PSNR, _WANTED)
    found = _statistic_after_jpeg(_added(image, mark, psnr), payload, key)
    return psnr + float(np.clip(20 * math.log10(max(found, 1.0) / wanted), -STRONGER, WEAKER))


def _added(image: Pixels, mark: Plane, psnr: float) -> Pixels:
    rms = max(float(np.sqrt(np.mean(mark**2))), 1e-9)
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
    return statistic(sums, pattern, encode(scrambled(payload, key))) * math.sqrt(luma.size / part.size)


def _tiled(payload: int, key: bytes, height: int, width: int) -> Plane:
    block = _block(payload, key)
    repeats = -(-height // block.shape[0]), -(-width // block.shape[1])
    return np.tile(block, repeats)[:height, :width]


@lru_cache(maxsize=4)
def _block(payload: int, key: bytes) -> Plane:
    """Return the 4 x 4 different tiles as one plane."""
    tiles = make_pattern(key).tiles(encode(scrambled(payload, key)))
    return tiles.transpose(0, 2, 1, 3).reshape(CELLS * TILE, CELLS * TILE).astype(np.float32)


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
