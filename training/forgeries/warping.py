"""Forge a face by warping it with a smooth displacement field, without a blending border.

Half of the fields are random everywhere, like reenactment by motion fields (Siarohin et al., "First Order
Motion Model for Image Animation", NeurIPS 2019). The other half push the face at a few places, like the
liquify brush of an image editor. Both leave traces of resampling and move features to implausible places.
"""

import cv2
import numpy as np

from training.forgeries.blends import Image, draw_region
from training.forgeries.masks import (
    Floats,
    Region,
    blend_mask,
    displace,
    draw_points,
    elastic_displacements,
    face_scale,
)

NODE_SPACINGS = (14.0, 36.0)  # template pixels between two nodes of the field: from a lip to half a face
AMPLITUDES = (1.0, 4.0)  # template pixels, standard deviation at the nodes; an opened mouth moves a chin by 9
PUSHED_SHARE = 0.5  # of the warped faces
MAX_PUSHES = 4
BRUSH_SIGMAS = (5.0, 16.0)  # template pixels: from the corner of a lip to a cheek
PUSH_LENGTHS = (0.2, 0.9)  # relative to the brush's sigma; at 1.6 the picture would fold over
INTERPOLATIONS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def warp_face(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): the face warped under the mask, in proportion to the mask's opacity.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels, mask (H, W) float32 in [0, 1].
    """
    shape, scale = (image.shape[0], image.shape[1]), face_scale(landmarks)
    mask = blend_mask(shape, landmarks, region or draw_region(rng), rng)
    if mask.any() and rng.random() < PUSHED_SHARE:
        x, y, proximity = _push_displacements(mask, scale, rng)
        mask = mask * proximity
    else:
        spacing, amplitude = (scale * float(rng.uniform(*bounds)) for bounds in (NODE_SPACINGS, AMPLITUDES))
        x, y = elastic_displacements(shape, spacing, amplitude, rng, cv2.INTER_CUBIC)
        x, y = x * mask, y * mask
    interpolation = INTERPOLATIONS[int(rng.integers(len(INTERPOLATIONS)))]
    return displace(image, (x, y), interpolation), mask


def _push_displacements(
    mask: Floats, scale: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return displacements (H, W) along x and y of a few pushes under the mask, and the pushes' proximity.

    The proximity (H, W) is 1 in the middle of a push and falls to 0 around it.
    """
    ys, xs = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    shift_x, shift_y, proximity = (np.zeros_like(mask) for _ in range(3))
    for x, y in draw_points(mask, MAX_PUSHES, rng):
        sigma = scale * float(rng.uniform(*BRUSH_SIGMAS))
        length, angle = sigma * float(rng.uniform(*PUSH_LENGTHS)), float(rng.uniform(0, 2 * np.pi))
        brush = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / np.float32(2 * sigma**2))
        shift_x += brush * mask * np.float32(length * np.cos(angle))
        shift_y += brush * mask * np.float32(length * np.sin(angle))
        proximity = np.maximum(proximity, brush)
    return shift_x, shift_y, proximity
