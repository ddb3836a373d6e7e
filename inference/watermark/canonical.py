"""The canonical size of a picture: marks in larger pictures are larger, since platforms make them smaller."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.media.decoded import Pixels

SHORT_SIDE = 512  # pixels; above it, the size of a tile grows with the square root

Plane = NDArray[np.float32]  # H x W


def canonical_size(height: int, width: int) -> tuple[int, int]:
    """Return height and width of the canonical picture."""
    scale = max(1.0, math.sqrt(min(height, width) / SHORT_SIDE))
    return max(1, round(height / scale)), max(1, round(width / scale))


def canonical_luma(image: Pixels, size: tuple[int, int] | None = None) -> Plane:
    """Return the luma (BT.601) of a picture (H, W, 3) uint8 RGB in its canonical size, 0 to 255.

    ``size`` is its height and width before it was scaled; None if it was not.
    """
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = canonical_size(*(size or luma.shape))
    if (height, width) == luma.shape:
        return luma
    method = cv2.INTER_AREA if height < luma.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(luma, (width, height), interpolation=method), np.float32)
