"""Faces resynthesised by methods that training never uses: the held-out generator and face restoration."""

import cv2
import numpy as np

from training.forgeries.blends import alpha_blend
from training.forgeries.generator import load_held_out_generator
from training.forgeries.masks import Floats
from training.forgeries.tones import sharpen
from training.forgeries.unseen.outlines import Image, feathered_oval
from training.forgeries.unseen.swaps import feathered_swap

FACTOR = 3  # of downscaling before a face is restored
PROJECTIONS = 6  # enough for back-projection to converge to less than one grey level


def resynthesised(
    image: Image,
    landmarks: Floats,
    source: Image,  # noqa: ARG001  (the identity is kept, as in lip-sync and attribute editing)
    source_landmarks: Floats,  # noqa: ARG001
    rng: np.random.Generator,
) -> Image:
    """Return the person's own face resynthesised by the held-out generator, under a feathered oval.

    It has bilinear upsampling and residual blocks and was trained with a critic. The generators used in
    training have none of these.
    """
    face = load_held_out_generator().resynthesise(image, landmarks, rng)
    return alpha_blend(image, face, feathered_oval((image.shape[0], image.shape[1]), landmarks, rng))


def _downscale(image: Image) -> Image:
    size = (max(image.shape[1] // FACTOR, 1), max(image.shape[0] // FACTOR, 1))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def super_resolve(image: Image) -> Image:
    """Return the picture downscaled by three and restored: crisp edges, skin without texture.

    Iterative back-projection (Irani & Peleg, CVGIP 1991) with an edge-preserving filter between the steps
    (Dai et al., "Bilateral Back-Projection for Single Image Super Resolution", ICME 2007).
    """
    size, small = (image.shape[1], image.shape[0]), _downscale(image)
    restored = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(PROJECTIONS):
        missing = small.astype(np.float32) - _downscale(restored.astype(np.uint8))
        correction = cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
        restored = np.clip(restored + correction, 0, 255).astype(np.uint8)
        restored = cv2.bilateralFilter(restored, 5, 18, 2)
    return sharpen(restored.astype(np.uint8, copy=False), 0.8)


def restored_swap(
    image: Image, landmarks: Floats, source: Image, source_landmarks: Floats, rng: np.random.Generator
) -> Image:
    """Return the source's face swapped in and then restored as a whole, as face-swap programs offer."""
    swapped = feathered_swap(image, landmarks, source, source_landmarks, rng)
    mask = feathered_oval((image.shape[0], image.shape[1]), landmarks, rng)
    return alpha_blend(swapped, super_resolve(swapped), mask)
