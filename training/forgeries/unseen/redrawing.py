"""Faces drawn anew by means that training has not: a generator of another build, and face restoration."""

import cv2
import numpy as np

from training.forgeries.blends import overlay
from training.forgeries.generator import load_held_out_generator
from training.forgeries.masks import Floats
from training.forgeries.tones import sharpen
from training.forgeries.unseen.outlines import Image, feathered_oval
from training.forgeries.unseen.swaps import feathered_swap

FACTOR = 3  # by which a face is shrunk before it is restored
PROJECTIONS = 6  # back-projection has converged to under a grey level by then


def redrawn(
    image: Image,
    landmarks: Floats,
    source: Image,  # noqa: ARG001  (a person's own face, as in lip-sync and attribute editing)
    source_landmarks: Floats,  # noqa: ARG001
    rng: np.random.Generator,
) -> Image:
    """Return the person's own face as the held-out generator draws it, under a feathered oval.

    Bilinear doubling, residual blocks, a critic: none of training's generators has one of them.
    """
    drawn = load_held_out_generator().redraw(image, landmarks, rng)
    return overlay(image, drawn, feathered_oval((image.shape[0], image.shape[1]), landmarks, rng))


def _shrunk(image: Image) -> Image:
    size = (max(image.shape[1] // FACTOR, 1), max(image.shape[0] // FACTOR, 1))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def super_resolve(image: Image) -> Image:
    """Return the picture shrunk by three and restored: edges crisp, skin without texture.

    Iterative back-projection (Irani & Peleg, CVGIP 1991) with an edge-keeping filter between the steps
    (Dai et al., "Bilateral Back-Projection for Single Image Super Resolution", ICME 2007).
    """
    size, small = (image.shape[1], image.shape[0]), _shrunk(image)
    restored = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(PROJECTIONS):
        missing = small.astype(np.float32) - _shrunk(restored.astype(np.uint8))
        correction = cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
        restored = np.clip(restored + correction, 0, 255).astype(np.uint8)
        restored = cv2.bilateralFilter(restored, 5, 18, 2)
    return sharpen(restored.astype(np.uint8, copy=False), 0.8)


def restored_swap(
    image: Image, landmarks: Floats, source: Image, source_landmarks: Floats, rng: np.random.Generator
) -> Image:
    """Return the source's face on the picture, then the whole face restored, as swap programs offer it."""
    swapped = feathered_swap(image, landmarks, source, source_landmarks, rng)
    mask = feathered_oval((image.shape[0], image.shape[1]), landmarks, rng)
    return overlay(swapped, super_resolve(swapped), mask)
