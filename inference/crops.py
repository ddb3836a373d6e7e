"""Cut a face out of a picture the one way that training and inference share.

Finding the face is the detector's business; turning crops into a verdict is the network's.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

CROP_SIZE = 224  # what the ImageNet weights and the origin project's data were made for

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Box = tuple[float, float, float, float]


def crop_square(box: Box, margin: float) -> tuple[float, float, float]:
    """Return (left, top, side) in pixels of the square around a face box.

    The side is the box's longer edge times ``1 + margin``; the square keeps the box's centre.
    Raises ValueError for a box without area.
    """
    x0, y0, x1, y1 = box
    if not (x1 > x0 and y1 > y0):
        raise ValueError(f"face box {box} has no area; expected (x0, y0, x1, y1) with x1 > x0 and y1 > y0")
    side = max(x1 - x0, y1 - y0) * (1.0 + margin)
    return (x0 + x1 - side) / 2, (y0 + y1 - side) / 2, side


def cut_square(
    image: NDArray[np.uint8], left: float, top: float, side: float, size: int = CROP_SIZE
) -> NDArray[np.uint8]:
    """Return the square as (size, size, 3) uint8; what lies outside the picture is mirrored at its edge.

    ``image`` is (H, W, 3) uint8 RGB. Shrinking averages over area, so that no traces appear by aliasing.
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


def crop_face(image: NDArray[np.uint8], box: Box, margin: float) -> NDArray[np.uint8]:
    """Return the face as (224, 224, 3) uint8 RGB.

    ``image`` is (H, W, 3) uint8 RGB, ``box`` (x0, y0, x1, y1) in pixels and may reach over the edge,
    ``margin`` the share by which the square is longer than the box (it is in the model's card).
    """
    return cut_square(image, *crop_square(box, margin))


def normalise(crops: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> torch.Tensor:
    """Return N uint8 RGB crops of one size (N, S, S, 3) as float32 (N, 3, S, S), ImageNet mean and std."""
    batch: NDArray[Any] = np.ascontiguousarray(np.stack(list(crops)))
    return standardise(torch.from_numpy(batch).permute(0, 3, 1, 2))


def standardise(pixels: torch.Tensor) -> torch.Tensor:
    """Return uint8 RGB (N, 3, S, S) on any device as float32, ImageNet mean and std."""
    mean = torch.tensor(IMAGENET_MEAN, device=pixels.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=pixels.device).view(1, 3, 1, 1)
    return pixels.float().div_(255.0).sub_(mean).div_(std)
