"""Forge a face by inpainting spots of it, as the healing brush of an image editor does.

Spots are filled from their surroundings (Telea, "An Image Inpainting Technique Based on the Fast Marching
Method", 2004), and some are then shaded. This leaves smooth areas where skin has texture, as retouched
blemishes and drawn-in mouths or eyes do.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.blends import Image, alpha_blend, draw_region
from training.forgeries.masks import Floats, Region, blend_mask, draw_points, face_scale
from training.forgeries.warping import warp_face

MAX_SPOTS = 3
RADII = (4.0, 11.0)  # template pixels, along the longer half axis: from a blemish to a mouth
ASPECTS = (0.35, 1.0)  # shorter half axis relative to the longer
EDGE_SIGMAS = (0.4, 2.0)  # template pixels, width of a spot's soft edge
SHADED_SHARE = 0.5  # of the faces: their spots are made darker or lighter
SHADES = (0.35, 1.25)  # factors of the filled colour
WARPED_FIRST_SHARE = 0.5  # of the faces are warped before spots are inpainted, since retouching does both
FILL_RADIUS = 3  # pixels; neighbourhood that determines the colour of a filled pixel


def inpaint_spots(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): spots of the face inpainted; half of the faces are warped first.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels. The mask (H, W) float32 in [0, 1] covers both
    changes.
    """
    shape, scale, region = (image.shape[0], image.shape[1]), face_scale(landmarks), region or draw_region(rng)
    ground, warped = image, np.zeros(shape, np.float32)
    if rng.random() < WARPED_FIRST_SHARE:
        ground, warped = warp_face(image, landmarks, rng, region)
    spots = draw_spots(blend_mask(shape, landmarks, region, rng), scale, rng)
    filled = cv2.inpaint(ground, spots, FILL_RADIUS, cv2.INPAINT_TELEA)
    if rng.random() < SHADED_SHARE:
        shade = float(rng.uniform(*SHADES))
        filled = np.clip(np.rint(filled.astype(np.float32) * shade), 0, 255).astype(np.uint8)
    sigma = scale * float(rng.uniform(*EDGE_SIGMAS))
    soft: Floats = cv2.GaussianBlur(spots.astype(np.float32) / 255, (0, 0), sigma).astype(np.float32)
    forged = alpha_blend(ground, filled.astype(np.uint8, copy=False), soft)
    return forged, np.maximum(warped, soft).astype(np.float32)


def draw_spots(mask: Floats, scale: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return (H, W), 0 or 255: rotated ellipses with centres drawn under the mask."""
    spots = np.zeros(mask.shape, np.uint8)
    if not mask.any():
        return spots
    for centre in draw_points(mask, MAX_SPOTS, rng):
        radius = scale * float(rng.uniform(*RADII))
        axes = (max(round(radius), 1), max(round(radius * float(rng.uniform(*ASPECTS))), 1))
        cv2.ellipse(spots, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, cv2.FILLED)
    return spots
