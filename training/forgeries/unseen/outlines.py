"""Oval masks of the unseen forgeries; training uses hulls instead."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.masks import TEMPLATE, Floats, face_scale, similarity_between

Image = NDArray[np.uint8]

# In the frame of the 112 px template: the middle of the face, and half its width and height.
CENTRE = (56.0, 76.0)
HALF_WIDTH, HALF_HEIGHT = 31.0, 36.0
VARIATION = 0.08  # random, of both
CORNERS = 48  # of the polygon that approximates the oval


def oval(shape: tuple[int, int], landmarks: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the (H, W) mask, 0 or 255, of an oval from brows to chin, with a small random size change."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radii = np.array([HALF_WIDTH, HALF_HEIGHT]) * rng.uniform(1 - VARIATION, 1 + VARIATION, 2)
    outline = np.array(CENTRE) + radii * np.column_stack([np.cos(angle), np.sin(angle)])
    matrix = similarity_between(TEMPLATE, landmarks)
    placed = outline @ matrix[:, :2].T + matrix[:, 2]
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(placed).astype(np.int32).reshape(-1, 1, 2)], 255)
    return mask


def feather(mask: NDArray[np.uint8], width: float) -> Floats:
    """Return the mask as (H, W) float32 in [0, 1] that rises linearly inwards over ``width`` pixels."""
    padded = cv2.copyMakeBorder(
        mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE
    )  # no soft edge along the picture's border
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    rising: Floats = np.minimum(distance / max(width, 1.0), 1).astype(np.float32)
    return rising


def feathered_oval(shape: tuple[int, int], landmarks: Floats, rng: np.random.Generator) -> Floats:
    """Return a random oval with a linear edge of 4 to 12 template pixels."""
    return feather(oval(shape, landmarks, rng), float(rng.uniform(4, 12)) * face_scale(landmarks))
