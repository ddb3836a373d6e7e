"""Spots of a person's own face painted out, as an editor's healing brush does: smooth where skin has texture.

They are filled from around them (Telea, "An Image Inpainting Technique Based on the Fast Marching Method",
2004), and some are then shaded. Mouths and eyes that are drawn in, and blemishes taken out, leave the same.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.bending import bend_face
from training.forgeries.blends import Image, draw_region, overlay
from training.forgeries.masks import Floats, Region, blend_mask, face_scale

MOST_SPOTS = 3
RADII = (4.0, 11.0)  # template pixels, along the longer half axis: from a blemish to a mouth
ASPECTS = (0.35, 1.0)  # of the shorter half axis to the longer
EDGES = (0.4, 2.0)  # template pixels, standard deviation of a spot's soft edge
SHADED_SHARE = 0.5  # of the faces: their spots are made darker or lighter
SHADES = (0.35, 1.25)  # of the filled colour
RETOUCHED_SHARE = 0.5  # of the faces, before they are healed: retouching does both
FILL_RADIUS = 3  # pixels about a filled one that give its colour


def heal_face(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): spots of the face painted out where the mask is, half of the faces bent before.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels, mask (H, W) float32 in [0, 1].
    """
    shape, scale, region = (image.shape[0], image.shape[1]), face_scale(landmarks), region or draw_region(rng)
    ground, bent = image, np.zeros(shape, np.float32)
    if rng.random() < RETOUCHED_SHARE:
        ground, bent = bend_face(image, landmarks, rng, region)
    spots = draw_spots(blend_mask(shape, landmarks, region, rng), scale, rng)
    filled = cv2.inpaint(ground, spots, FILL_RADIUS, cv2.INPAINT_TELEA)
    if rng.random() < SHADED_SHARE:
        shade = float(rng.uniform(*SHADES))
        filled = np.clip(np.rint(filled.astype(np.float32) * shade), 0, 255).astype(np.uint8)
    edge = scale * float(rng.uniform(*EDGES))
    soft: Floats = cv2.GaussianBlur(spots.astype(np.float32) / 255, (0, 0), edge).astype(np.float32)
    healed = overlay(ground, filled.astype(np.uint8, copy=False), soft)
    return healed, np.maximum(bent, soft).astype(np.float32)


def draw_spots(mask: Floats, scale: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return (H, W), 0 or 255: turned ellipses whose middles lie under the mask, oftener where it is full."""
    spots = np.zeros(mask.shape, np.uint8)
    if not mask.any():
        return spots
    chances = mask.ravel() / mask.sum(dtype=np.float64)
    for place in rng.choice(mask.size, size=int(rng.integers(1, MOST_SPOTS + 1)), p=chances):
        y, x = divmod(int(place), mask.shape[1])
        radius = scale * float(rng.uniform(*RADII))
        axes = (max(round(radius), 1), max(round(radius * float(rng.uniform(*ASPECTS))), 1))
        cv2.ellipse(spots, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, 255, cv2.FILLED)
    return spots
