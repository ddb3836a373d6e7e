"""Forge a face by resynthesising it with a neural generator and blending the result into the picture.

A resynthesised face lacks fine texture and carries the pattern of the network's upsampling, as deepfakes do
(Zhang, Karaman & Chang, "Detecting and Simulating Artifacts in GAN Fake Images", WIFS 2019).
"""

from numpy.random import Generator as Random

from training.forgeries.blends import POISSON_SHARE, Image, alpha_blend, draw_region, poisson_blend
from training.forgeries.generator import Generator
from training.forgeries.masks import Floats, Region, blend_mask
from training.forgeries.tones import match_colour, sharpen

MATCHED_SHARE = 0.6  # the rest keeps the colours of the generator
SHARPENED_SHARE = 0.25  # face-swap programs offer sharpening against the blur


def resynthesise_face(
    image: Image, landmarks: Floats, generator: Generator, rng: Random, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): the face resynthesised by ``generator`` and blended in under a random mask.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels, mask (H, W) float32 in [0, 1].
    """
    face = generator.resynthesise(image, landmarks, rng)
    mask = blend_mask((image.shape[0], image.shape[1]), landmarks, region or draw_region(rng), rng)
    if rng.random() < MATCHED_SHARE:
        face = match_colour(face, image, mask, float(rng.uniform(0.6, 1.0)))
    if rng.random() < SHARPENED_SHARE:
        face = sharpen(face, float(rng.uniform(0.3, 1.2)))
    return (poisson_blend if rng.random() < POISSON_SHARE else alpha_blend)(image, face, mask), mask
