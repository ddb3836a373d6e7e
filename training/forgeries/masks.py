"""Soft masks of forgeries: hulls of a face template placed on five landmarks.

Landmarks are (5, 2) float pixels: eyes, nose, mouth corners, left of the picture first.
"""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# The 112x112 face template of ArcFace (Deng et al., CVPR 2019), and outlines in its coordinates.
TEMPLATE = np.array(
    [(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)], dtype=np.float32
)
JAW = [(22, 56), (23, 70), (27, 86), (34, 101), (45, 112), (56, 117)]
JAW += [(67, 112), (78, 101), (85, 86), (89, 70), (90, 56)]


class Region(StrEnum):
    """The part of the face that is replaced."""

    HEAD = "head"  # with most of the forehead
    FACE = "face"  # brows to chin, as in face swaps
    INNER = "inner"  # brows to below the mouth; for pictures that cut off the jaw
    EYES = "eyes"
    MOUTH = "mouth"


OUTLINES: dict[Region, list[tuple[int, int]]] = {
    Region.HEAD: [*JAW, (89, 36), (78, 20), (56, 14), (34, 20), (23, 36)],
    Region.FACE: [*JAW, (88, 42), (78, 35), (66, 35), (56, 38), (46, 35), (34, 35), (24, 42)],
    Region.INNER: [(30, 41), (56, 39), (82, 41), (85, 62), (78, 96), (56, 106), (34, 96), (27, 62)],
    Region.EYES: [(27, 40), (56, 42), (85, 40), (86, 60), (66, 63), (56, 60), (46, 63), (26, 60)],
    Region.MOUTH: [(35, 82), (56, 77), (77, 82), (76, 98), (56, 107), (36, 98)],
}


def face_scale(landmarks: Floats) -> float:
    """Return the size of the face relative to the 112x112 template (1.0: eyes 35 px apart)."""
    spread = float(np.linalg.norm(landmarks - landmarks.mean(axis=0), axis=1).mean())
    return spread / float(np.linalg.norm(TEMPLATE - TEMPLATE.mean(axis=0), axis=1).mean())


def affine_between(source: Floats, target: Floats) -> NDArray[np.float64]:
    """Return the (2, 3) least-squares affine map from ``source`` landmarks to ``target``."""
    homogeneous = np.hstack([source, np.ones((len(source), 1))])
    solution, *_ = np.linalg.lstsq(homogeneous, target, rcond=None)
    return np.asarray(solution.T, dtype=np.float64)


def similarity_between(source: Floats, target: Floats) -> NDArray[np.float64]:
    """Return the (2, 3) least-squares similarity (rotation, scale, shift) from ``source`` to ``target``.

    Umeyama, PAMI 1991, without reflections. Unlike an affine map it is invertible for turned heads too.
    """
    centres = source.mean(axis=0), target.mean(axis=0)
    start, end = (source - centres[0]) @ (1, 1j), (target - centres[1]) @ (1, 1j)
    rotation = (start.conj() * end).sum() / (abs(start) ** 2).sum()
    matrix = np.array([[rotation.real, -rotation.imag], [rotation.imag, rotation.real]])
    return np.column_stack([matrix, centres[1] - matrix @ centres[0]])


def hull(
    shape: tuple[int, int], landmarks: Floats, region: Region, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the (H, W) mask, 0 or 255, of a region with a randomly perturbed outline."""
    outline = np.array(OUTLINES[region], dtype=np.float32)
    outline += rng.normal(0, 2.0, outline.shape).astype(np.float32)  # template pixels; real faces vary more
    placed = (
        outline @ affine_between(TEMPLATE, landmarks)[:, :2].T + affine_between(TEMPLATE, landmarks)[:, 2]
    )
    points = cv2.convexHull(placed.astype(np.float32)) if region != Region.EYES else placed
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32).reshape(-1, 1, 2)], 255)
    return mask


def elastic_displacements(
    shape: tuple[int, int],
    spacing: float,
    amplitude: float,
    rng: np.random.Generator,
    interpolation: int = cv2.INTER_LINEAR,
) -> tuple[Floats, Floats]:
    """Return displacements (H, W) along x and y: random at nodes ``spacing`` pixels apart, smooth in between.

    Simard et al., 2003. ``amplitude`` is the standard deviation at the nodes in pixels.
    """
    height, width = shape
    coarse = max(int(spacing), 2)
    grid = (max(height // coarse, 2), max(width // coarse, 2))
    nodes = [rng.normal(0, amplitude, grid).astype(np.float32) for _ in range(2)]
    x, y = (
        cv2.resize(axis, (width, height), interpolation=interpolation).astype(np.float32) for axis in nodes
    )
    return x, y


def displace(
    pixels: NDArray[np.uint8], shift: tuple[Floats, Floats], interpolation: int
) -> NDArray[np.uint8]:
    """Return a picture or mask resampled at each pixel's position plus ``shift``."""
    ys, xs = np.mgrid[: pixels.shape[0], : pixels.shape[1]].astype(np.float32)
    moved = cv2.remap(pixels, xs + shift[0], ys + shift[1], interpolation, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.uint8, copy=False)


def elastic_deform(mask: NDArray[np.uint8], scale: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the mask elastically deformed by a few template pixels."""
    height, width = mask.shape
    return displace(
        mask, elastic_displacements((height, width), 8 * scale, 3.0 * scale, rng), cv2.INTER_LINEAR
    )


def soften(mask: NDArray[np.uint8], scale: float, rng: np.random.Generator) -> Floats:
    """Return the mask as (H, W) float32 in [0, 1] with its edge softened inwards by a random width.

    The mask is blurred, reduced to the pixels that stay full and blurred again, so that it hardly grows
    (Shiohara, CVPR 2022). A region too small for that is only blurred.
    """
    first = float(rng.uniform(0.5, 3.0)) * scale
    second = float(rng.choice([rng.uniform(0.4, 2.0), rng.uniform(2.0, 8.0)])) * scale
    eroded = np.where(cv2.GaussianBlur(mask, (0, 0), first) >= 254, 255, 0).astype(np.uint8)
    kept = eroded if np.count_nonzero(eroded) > np.count_nonzero(mask) / 3 else mask
    soft = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), second)
    return (soft / max(float(soft.max()), 1.0)).astype(np.float32)


def blend_mask(shape: tuple[int, int], landmarks: Floats, region: Region, rng: np.random.Generator) -> Floats:
    """Return a random mask (H, W) float32 in [0, 1] for a region of the face."""
    scale = face_scale(landmarks)
    return soften(elastic_deform(hull(shape, landmarks, region, rng), scale, rng), scale, rng)


def draw_points(mask: Floats, max_count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return 1 to ``max_count`` random pixels (x, y) under the mask, with probability by its opacity.

    ``mask`` (H, W) must not be empty.
    """
    probabilities = mask.ravel() / mask.sum(dtype=np.float64)
    count = int(rng.integers(1, max_count + 1))
    indices = rng.choice(mask.size, size=count, p=probabilities)
    return [(int(index) % mask.shape[1], int(index) // mask.shape[1]) for index in indices]
