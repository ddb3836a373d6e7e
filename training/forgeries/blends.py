"""Forge a photograph: blend it with a changed copy of itself, or with another person's face.

Pictures are (H, W, 3) uint8 RGB, masks (H, W) float32 in [0, 1], landmarks as in ``masks``.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.masks import Floats, Region, affine_between, blend_mask, face_scale
from training.forgeries.tones import change_tone, degrade, match_colour

if TYPE_CHECKING:
    from training.forgeries.generator import Generator

Image = NDArray[np.uint8]

REGIONS = (Region.HEAD, Region.FACE, Region.INNER, Region.EYES, Region.MOUTH)
REGION_SHARES = (0.15, 0.4, 0.25, 0.08, 0.12)
OPACITIES = (0.5, 0.75, 1.0, 1.0, 1.0, 1.0)
POISSON_SHARE = 0.35
SMALLEST_POISSON = 64  # mask pixels; cv2.seamlessClone fails on next to nothing


def draw_region(rng: np.random.Generator) -> Region:
    return REGIONS[int(rng.choice(len(REGIONS), p=REGION_SHARES))]


def overlay(below: Image, above: Image, mask: Floats) -> Image:
    """Return ``above`` laid over ``below`` where the mask is 1."""
    weight = mask[..., None]
    mixed = below.astype(np.float32) * (1 - weight) + above.astype(np.float32) * weight
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def poisson(below: Image, above: Image, mask: Floats) -> Image:
    """Return the gradients of ``above`` inside the mask fitted into ``below`` (Pérez et al., 2003)."""
    inside = mask > 0.5
    binary = np.where(inside, 255, 0).astype(np.uint8)
    binary[[0, 1, -2, -1], :] = 0  # the solver needs a rim around the mask
    binary[:, [0, 1, -2, -1]] = 0
    if int(np.count_nonzero(binary)) < SMALLEST_POISSON:
        return overlay(below, above, mask)
    x, y, width, height = cv2.boundingRect(binary)
    centre = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(above, below, binary, centre, cv2.NORMAL_CLONE)
    # The solver widens ``binary`` and rounds in the whole rectangle about it; outside nothing may tell.
    return np.where(inside[..., None], cloned, below).astype(np.uint8, copy=False)


def _nudge(landmarks: Floats, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a small similarity about the face: up to 3 % across, 1.5 % down, scale 0.95-1.05, 2 degrees."""
    size = 112 * face_scale(landmarks)
    centre = landmarks.mean(axis=0)
    matrix = cv2.getRotationMatrix2D(
        (float(centre[0]), float(centre[1])), float(rng.uniform(-2, 2)), float(rng.uniform(0.95, 1.05))
    )
    shift = np.array([rng.uniform(-0.03, 0.03), rng.uniform(-0.015, 0.015)]) * size
    return np.asarray(matrix, dtype=np.float64) + np.column_stack([np.zeros((2, 2)), shift])


def _warp(image: Image, matrix: NDArray[np.float64], shape: tuple[int, int]) -> Image:
    size = (shape[1], shape[0])
    warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return warped.astype(np.uint8, copy=False)


def self_blend_pair(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Image, Floats]:
    """Return (ground, forged, mask): a photograph, and its face blended with a slightly moved copy of itself.

    Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022. Either the copy or the
    ground below it is changed in tone and sharpness. Who learns from the forgery must see ``ground`` beside
    it, not ``image``: else every picture that was retouched as a whole looks forged.
    """
    shape = (image.shape[0], image.shape[1])
    changed = degrade(change_tone(image, rng), face_scale(landmarks), rng)
    above, ground = (changed, image) if rng.random() < 0.5 else (image, changed)
    mask = blend_mask(shape, landmarks, region or draw_region(rng), rng)
    mask = mask * np.float32(rng.choice(OPACITIES))
    return ground, overlay(ground, _warp(above, _nudge(landmarks, rng), shape), mask), mask


def self_blend(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Floats]:
    """Return (forged, mask) of :func:`self_blend_pair`."""
    return self_blend_pair(image, landmarks, rng, region)[1:]


def swap_blend(
    target: Image,
    target_landmarks: Floats,
    source: Image,
    source_landmarks: Floats,
    rng: np.random.Generator,
    *,
    region: Region | None = None,
    seamless: bool | None = None,
    generator: "Generator | None" = None,
) -> tuple[Image, Floats]:
    """Return (forged, mask): the face of ``source`` put on ``target``.

    Aligned by landmarks, redrawn by ``generator`` where one is given, mostly brought to the target's colours,
    softened as a generator of low resolution would, and blended by alpha or (``seamless``) by Poisson;
    regions and ways not given are drawn.
    """
    shape = (target.shape[0], target.shape[1])
    placed = _warp(source, affine_between(source_landmarks, target_landmarks), shape)
    if generator is not None:
        placed = generator.redraw(placed, target_landmarks, rng)
    mask = blend_mask(shape, target_landmarks, region or draw_region(rng), rng)
    if rng.random() < 0.8:  # the rest is left as crude as hasty fakes are
        placed = match_colour(placed, target, mask, float(rng.uniform(0.6, 1.0)))
    if generator is None or rng.random() < 0.5:  # what was redrawn is soft as it is
        placed = degrade(placed, face_scale(target_landmarks), rng)
    if rng.random() < POISSON_SHARE if seamless is None else seamless:
        return poisson(target, placed, mask), mask
    return overlay(target, placed, mask), mask
