"""Cut a face out of a picture, in the same way for training and serving."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face import Box


def crop_square(box: Box, margin: float) -> tuple[float, float, float]:
    """Return (left, top, side) in pixels of the square around a face box.

    The side is the box's longer edge times ``1 + margin``; the square keeps the box's centre.
    Raises ValueError if the box has no area.
    """
    x0, y0, x1, y1 = box
    if not (x1 > x0 and y1 > y0):
        raise ValueError(f"face box {box} has no area; expected (x0, y0, x1, y1) with x1 > x0 and y1 > y0")
    side = max(x1 - x0, y1 - y0) * (1.0 + margin)
    return (x0 + x1 - side) / 2, (y0 + y1 - side) / 2, side


def cut_square(
    image: NDArray[np.uint8], left: float, top: float, side: float, size: int
) -> NDArray[np.uint8]:
    """Return the square as (size, size, 3) uint8; the picture is mirrored beyond its edges.

    ``image`` is (H, W, 3) uint8 RGB. Shrinking averages over areas, so that aliasing leaves no traces.
    Raises ValueError if the square lies outside the picture.
    """
    height, width = image.shape[:2]
    edge = max(round(side), 1)
    x, y = round(left), round(top)
    inside = image[max(y, 0) : max(y + edge, 0), max(x, 0) : max(x + edge, 0)]
    if inside.size == 0:
        raise ValueError(f"square at ({x}, {y}) of {edge} px lies outside the {width}x{height} picture")
    outside = (max(-y, 0), max(y + edge - height, 0), max(-x, 0), max(x + edge - width, 0))
    method = cv2.INTER_AREA if edge > size else cv2.INTER_LINEAR
    if any(outside):
        inside = cv2.copyMakeBorder(inside, *outside, borderType=cv2.BORDER_REFLECT).astype(np.uint8)
    return cv2.resize(inside, (size, size), interpolation=method).astype(np.uint8, copy=False)


def crop_face(image: NDArray[np.uint8], box: Box, margin: float, size: int) -> NDArray[np.uint8]:
    """Return the face as (size, size, 3) uint8 RGB.

    ``image`` is (H, W, 3) uint8 RGB; ``box`` (x0, y0, x1, y1) is in pixels and may reach over the edge;
    ``margin`` is the share by which the square is longer than the box. A model's card has margin and size.
    """
    return cut_square(image, *crop_square(box, margin), size)
