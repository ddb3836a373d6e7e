"""A person's own face bent by a smooth flow, without a seam: only the bending tells.

Half are random everywhere, as reenactment by motion fields moves the pixels of a photograph (Siarohin et
al., "First Order Motion Model for Image Animation", NeurIPS 2019); half are pushed at a few places, as by the
liquify brush of an editor. What they leave is resampling, and features where no face has them.
"""

import cv2
import numpy as np

from training.forgeries.blends import Image, draw_region
from training.forgeries.masks import Floats, Region, blend_mask, elastic_net, face_scale, shifted

SPACINGS = (14.0, 36.0)  # template pixels between two nodes of the flow: from a lip to half a face
AMOUNTS = (1.0, 4.0)  # template pixels, standard deviation at the nodes; an opened mouth moves a chin by 9
PUSHED_SHARE = 0.5  # of the bent faces
MOST_PUSHES = 4
BRUSHES = (5.0, 16.0)  # template pixels, standard deviation of a brush: from a lip's corner to a cheek
LENGTHS = (0.2, 0.9)  # of a push, by its brush; at 1.6 the picture would fold over
INTERPOLATIONS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def bend_face(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): the face bent where the mask is, the less the fainter it is.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels, mask (H, W) float32 in [0, 1].
    """
    shape, scale = (image.shape[0], image.shape[1]), face_scale(landmarks)
    mask = blend_mask(shape, landmarks, region or draw_region(rng), rng)
    if mask.any() and rng.random() < PUSHED_SHARE:
        x, y, reach = _pushes(mask, scale, rng)
        mask = mask * reach
    else:
        spacing, amount = (scale * float(rng.uniform(*bounds)) for bounds in (SPACINGS, AMOUNTS))
        x, y = elastic_net(shape, spacing, amount, rng, cv2.INTER_CUBIC)
        x, y = x * mask, y * mask
    way = INTERPOLATIONS[int(rng.integers(len(INTERPOLATIONS)))]
    return shifted(image, (x, y), way), mask


def _pushes(mask: Floats, scale: float, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return shifts (H, W) along x and y of a few strokes under the mask, and how near they are."""
    ys, xs = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    chances = mask.ravel() / mask.sum(dtype=np.float64)
    shift_x, shift_y, reach = (np.zeros_like(mask) for _ in range(3))
    for place in rng.choice(mask.size, size=int(rng.integers(1, MOST_PUSHES + 1)), p=chances):
        y, x = divmod(int(place), mask.shape[1])
        brush = scale * float(rng.uniform(*BRUSHES))
        length, way = brush * float(rng.uniform(*LENGTHS)), float(rng.uniform(0, 2 * np.pi))
        near = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / np.float32(2 * brush**2))
        shift_x += near * mask * np.float32(length * np.cos(way))
        shift_y += near * mask * np.float32(length * np.sin(way))
        reach = np.maximum(reach, near)
    return shift_x, shift_y, reach
