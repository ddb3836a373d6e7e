"""A person's own face redrawn by a neural generator and pasted back: only the drawing tells.

A redrawn face lacks fine texture and carries the pattern of the network's upsampling, as deepfakes do (Zhang,
Karaman & Chang, "Detecting and Simulating Artifacts in GAN Fake Images", WIFS 2019).
"""

from numpy.random import Generator as Random

from training.forgeries.blends import POISSON_SHARE, Image, draw_region, overlay, poisson
from training.forgeries.generator import Generator
from training.forgeries.masks import Floats, Region, blend_mask
from training.forgeries.tones import match_colour, sharpen

MATCHED_SHARE = 0.6  # the rest keeps the colours that the generator gave it
SHARPENED_SHARE = 0.25  # swap programs offer it against the blur


def resynthesise(
    image: Image, landmarks: Floats, generator: Generator, rng: Random, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask): the face as ``generator`` redraws it, laid over the picture under a drawn mask.

    ``image`` (H, W, 3) uint8 RGB, ``landmarks`` (5, 2) pixels, mask (H, W) float32 in [0, 1].
    """
    drawn = generator.redraw(image, landmarks, rng)
    mask = blend_mask((image.shape[0], image.shape[1]), landmarks, region or draw_region(rng), rng)
    if rng.random() < MATCHED_SHARE:
        drawn = match_colour(drawn, image, mask, float(rng.uniform(0.6, 1.0)))
    if rng.random() < SHARPENED_SHARE:
        drawn = sharpen(drawn, float(rng.uniform(0.3, 1.2)))
    return (poisson if rng.random() < POISSON_SHARE else overlay)(image, drawn, mask), mask
