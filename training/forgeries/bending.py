"""A person's own face bent by a smooth random flow, without a seam: only the bending tells.

Reenactment by motion fields (Siarohin et al., "First Order Motion Model for Image Animation", NeurIPS 2019)
moves the pixels of a photograph so; what it leaves is their resampling, and features where no face has them.
"""

import cv2
import numpy as np

from training.forgeries.blends import Image, draw_region
from training.forgeries.masks import Floats, Region, blend_mask, elastic_net, face_scale, shifted

SPACINGS = (14.0, 28.0)  # template pixels between two nodes of the flow: from a lip to half a face
AMOUNTS = (1.2, 3.0)  # template pixels, standard deviation at the nodes; much more is seen by anybody
INTERPOLATIONS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def bend_face(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): the face bent where the mask is, the less the fainter it is.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels, mask (H, W) float32 in [0, 1].
    """
    shape, scale = (image.shape[0], image.shape[1]), face_scale(landmarks)
    mask = blend_mask(shape, landmarks, region or draw_region(rng), rng)
    spacing, amount = (scale * float(rng.uniform(*bounds)) for bounds in (SPACINGS, AMOUNTS))
    x, y = elastic_net(shape, spacing, amount, rng, cv2.INTER_CUBIC)
    way = INTERPOLATIONS[int(rng.integers(len(INTERPOLATIONS)))]
    return shifted(image, (x * mask, y * mask), way), mask
