"""Forge a photograph by blending it with a changed copy of itself or with another person's face.

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
MIN_POISSON_PIXELS = 64  # in the mask; cv2.seamlessClone fails on fewer


def draw_region(rng: np.random.Generator) -> Region:
    return REGIONS[int(rng.choice(len(REGIONS), p=REGION_SHARES))]


def alpha_blend(below: Image, above: Image, mask: Floats) -> Image:
    """Return ``above`` blended over ``below`` with the mask as opacity."""
    opacity = mask[..., None]
    mixed = below.astype(np.float32) * (1 - opacity) + above.astype(np.float32) * opacity
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def poisson_blend(below: Image, above: Image, mask: Floats) -> Image:
    """Return ``below`` with the gradients of ``above`` inside the mask (Pérez et al., 2003)."""
    inside = mask > 0.5
    binary = np.where(inside, 255, 0).astype(np.uint8)
    binary[[0, 1, -2, -1], :] = 0  # the solver needs a border around the mask
    binary[:, [0, 1, -2, -1]] = 0
    if int(np.count_nonzero(binary)) < MIN_POISSON_PIXELS:
        return alpha_blend(below, above, mask)
    x, y, width, height = cv2.boundingRect(binary)
    centre = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(above, below, binary, centre, cv2.NORMAL_CLONE)
    # The solver widens ``binary`` and rounds in its whole bounding box; pixels outside must stay unchanged.
    return np.where(inside[..., None], cloned, below).astype(np.uint8, copy=False)


def _jitter_matrix(landmarks: Floats, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a small similarity about the face: up to 3 % in x, 1.5 % in y, scale 0.95-1.05, 2 degrees."""
    size = 112 * face_scale(landmarks)
    centre = landmarks.mean(axis=0)
    matrix = cv2.getRotationMatrix2D(
        (float(centre[0]), float(centre[1])), float(rng.uniform(-2, 2)), float(rng.uniform(0.95, 1.05))
    )
    shift = np.array([rng.uniform(-0.03, 0.03), rng.uniform(-0.015, 0.015)]) * size
    return np.asarray(matrix, dtype=np.float64) + np.column_stack([np.zeros((2, 2)), shift])


def _warp_affine(image: Image, matrix: NDArray[np.float64], shape: tuple[int, int]) -> Image:
    size = (shape[1], shape[0])
    warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return warped.astype(np.uint8, copy=False)


def self_blend_pair(
    image: Image, landmarks: Floats, rng: np.random.Generator, region: Region | None = None
) -> tuple[Image, Image, Floats]:
    """Return (ground, forged, mask): a photograph, and its face blended with a slightly moved copy of itself.

    Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022. Tone and sharpness are
    changed either in the copy or in the ground below it. Pair the forgery with ``ground``, not with
    ``image``: otherwise a detector learns that any global change of tone is a forgery.
    """
    shape = (image.shape[0], image.shape[1])
    changed = degrade(change_tone(image, rng), face_scale(landmarks), rng)
    above, ground = (changed, image) if rng.random() < 0.5 else (image, changed)
    mask = blend_mask(shape, landmarks, region or draw_region(rng), rng)
    mask = mask * np.float32(rng.choice(OPACITIES))
    return ground, alpha_blend(ground, _warp_affine(above, _jitter_matrix(landmarks, rng), shape), mask), mask


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
    """Return (forged, mask): the face of ``source`` blended onto ``target``.

    The source is aligned by landmarks, resynthesised by ``generator`` if given, usually matched to the
    target's colours and degraded as by a low-resolution generator. It is then blended with the mask as
    opacity, or by Poisson blending if ``seamless``. ``region`` and ``seamless`` are random if not given.
    """
    shape = (target.shape[0], target.shape[1])
    placed = _warp_affine(source, affine_between(source_landmarks, target_landmarks), shape)
    if generator is not None:
        placed = generator.resynthesise(placed, target_landmarks, rng)
    mask = blend_mask(shape, target_landmarks, region or draw_region(rng), rng)
    if rng.random() < 0.8:  # the rest keeps a visible mismatch, as crude fakes do
        placed = match_colour(placed, target, mask, float(rng.uniform(0.6, 1.0)))
    if generator is None or rng.random() < 0.5:  # a resynthesised face is already soft
        placed = degrade(placed, face_scale(target_landmarks), rng)
    if rng.random() < POISSON_SHARE if seamless is None else seamless:
        return poisson_blend(target, placed, mask), mask
    return alpha_blend(target, placed, mask), mask
