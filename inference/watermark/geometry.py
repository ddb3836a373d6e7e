"""How a marked picture was scaled, rotated, mirrored and cut: affine maps from the pattern to the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.watermark.canonical import Plane
from inference.watermark.pattern import TILE

LARGEST = 704  # pattern pixels: 30 tiles are enough, and more would cost time in every picture without a mark

Matrix = NDArray[np.float64]
Corner = NDArray[np.int64]  # x, y


@dataclass(frozen=True, eq=False)
class Geometry:
    """``matrix`` (2, 3) maps pattern coordinates (x, y), in canonical pixels, to those of the picture."""

    matrix: Matrix

    def rectified(self, luma: Plane) -> Plane:
        """Return the middle of what the plane shows in pattern coordinates.

        It has at most LARGEST pixels on each side, whatever the scale.
        """
        low, high = self._bounds(luma)
        size = np.clip(high - low, 1, LARGEST)
        return self._warped(luma, (low + high - size) // 2, size, cv2.BORDER_REFLECT_101)

    def on_tiles(self, white: Plane) -> Plane:
        """Return all of an evened plane in pattern coordinates, from the corner of a tile on; 0 outside."""
        low, high = self._bounds(white)
        low = low // TILE * TILE
        return self._warped(white, low, high - low, cv2.BORDER_CONSTANT)

    def _bounds(self, plane: Plane) -> tuple[Corner, Corner]:
        """Return the corners (x, y) of what the plane shows in pattern coordinates."""
        height, width = plane.shape
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
        inverse = cv2.invertAffineTransform(self.matrix)
        seen = corners @ inverse[:, :2].T + inverse[:, 2]
        return np.floor(seen.min(axis=0)).astype(int), np.ceil(seen.max(axis=0)).astype(int)

    def _warped(self, plane: Plane, low: Corner, size: Corner, border: int) -> Plane:
        moved = self.matrix.copy()
        moved[:, 2] += self.matrix[:, :2] @ low
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(plane, moved, (int(size[0]), int(size[1])), flags=flags, borderMode=border)
        return np.asarray(warped, np.float32)
