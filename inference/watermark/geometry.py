"""How a marked picture was scaled, rotated, mirrored and cut: affine maps from the pattern to the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.watermark.canonical import Plane

LARGEST = 704  # pattern pixels: 30 tiles are enough, and more would cost time in every picture without a mark

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Geometry:
    """``matrix`` (2, 3) maps pattern coordinates (x, y), in canonical pixels, to those of the picture."""

    matrix: Matrix

    def rectified(self, luma: Plane) -> tuple[Plane, tuple[int, int]]:
        """Return the middle of what the plane shows in pattern coordinates, and its corner (x, y) there.

        It has at most LARGEST pixels on each side, whatever the scale.
        """
        height, width = luma.shape
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
        inverse = cv2.invertAffineTransform(self.matrix)
        seen = corners @ inverse[:, :2].T + inverse[:, 2]
        low, high = np.floor(seen.min(axis=0)), np.ceil(seen.max(axis=0))
        size = np.clip(high - low, 1, LARGEST).astype(int)
        low = np.floor((low + high - size) / 2).astype(int)
        moved = self.matrix.copy()
        moved[:, 2] += self.matrix[:, :2] @ low
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        plane = cv2.warpAffine(
            luma, moved, (int(size[0]), int(size[1])), flags=flags, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(plane, np.float32), (int(low[0]), int(low[1]))
