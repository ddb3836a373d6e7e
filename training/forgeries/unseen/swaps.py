"""Face swaps that fit, colour and blend the face by methods that training never uses."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.blends import alpha_blend
from training.forgeries.masks import Floats, face_scale, similarity_between
from training.forgeries.unseen.mesh import mesh_mask, mesh_points, mesh_warp
from training.forgeries.unseen.outlines import Image, feather, feathered_oval, oval

BANDS = 5  # of the pyramid; a face of 100 px has no coarser structure


def _pyramid(pixels: Floats) -> list[Floats]:
    """Return the Laplacian pyramid of a picture, finest band first, the residual last."""
    bands = []
    for _ in range(BANDS - 1):
        smaller = cv2.pyrDown(pixels).astype(np.float32, copy=False)
        bands.append(pixels - cv2.pyrUp(smaller, dstsize=(pixels.shape[1], pixels.shape[0])))
        pixels = smaller
    return [*bands, pixels]


def multi_band(below: Image, above: Image, mask: NDArray[np.uint8]) -> Image:
    """Return ``above`` blended over ``below`` band by band; coarser bands get softer edges.

    Burt & Adelson, "A Multiresolution Spline with Application to Image Mosaics", ACM TOG 1983.
    """
    weight = (mask / 255).astype(np.float32)
    bands = []
    for low, high in zip(_pyramid(below.astype(np.float32)), _pyramid(above.astype(np.float32)), strict=True):
        bands.append(low + (high - low) * weight[..., None])
        weight = cv2.pyrDown(weight).astype(np.float32, copy=False)
    mixed = bands.pop()
    while bands:
        finer = bands.pop()
        mixed = cv2.pyrUp(mixed, dstsize=(finer.shape[1], finer.shape[0])) + finer
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def shift_colour(image: Image, reference: Image, inside: NDArray[np.bool_]) -> Image:
    """Return ``image`` with each channel's mean under the mask shifted to that of ``reference``."""
    if not inside.any():
        return image
    shift = reference[inside].mean(axis=0) - image[inside].mean(axis=0)
    shifted: Image = np.clip(np.rint(image + shift), 0, 255).astype(np.uint8)
    return shifted


def match_histogram(values: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``values`` (N, C) with each channel's histogram matched to ``wanted`` (M, C); ranks are kept.

    Exact histogram specification, Coltuc, Bolon & Chassery, IEEE TIP 2006, with ties broken by position.
    """
    ranks = values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    places = (ranks * len(wanted)) // len(values)
    return np.asarray(np.take_along_axis(np.sort(wanted, axis=0), places, axis=0), dtype=np.uint8)


def mesh_swap(
    image: Image, landmarks: Floats, source: Image, source_landmarks: Floats, rng: np.random.Generator
) -> Image:
    """Return the source's face fitted triangle by triangle and blended by multi-band blending.

    This follows programs like M. Kowalski's FaceSwap (in FaceForensics++), which uses plain alpha blending.
    """
    shape = (image.shape[0], image.shape[1])
    points, target = mesh_points(source_landmarks), mesh_points(landmarks)
    covered = mesh_mask(shape, target)
    inside = covered > 0
    fitted = shift_colour(mesh_warp(source, points, target, shape), image, inside)
    # The target's pixels surround the mesh, so that the pyramid mixes in nothing else of the source.
    placed = np.where(inside[..., None], fitted, image).astype(np.uint8)
    eroded = cv2.erode(covered, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 5)))
    blended = multi_band(image, placed, eroded.astype(np.uint8, copy=False))
    return np.where(inside[..., None], blended, image).astype(np.uint8)


def morph(
    image: Image, landmarks: Floats, source: Image, source_landmarks: Floats, rng: np.random.Generator
) -> Image:
    """Return a morph of both faces in shape and colour, as used in passport fraud.

    Ferrara, Franco & Maltoni, "The magic passport", IJCB 2014; the mixing share is random around one half.
    """
    shape, share = (image.shape[0], image.shape[1]), float(rng.uniform(0.4, 0.6))
    own = mesh_points(landmarks)
    matrix = similarity_between(source_landmarks, landmarks)
    fitted = source_landmarks @ matrix[:, :2].T + matrix[:, 2]
    between = own.copy()  # the outline stays in place, so that the face fits the head
    between[-5:] = landmarks * (1 - share) + fitted * share
    first = mesh_warp(image, own, between, shape)
    second = mesh_warp(source, mesh_points(source_landmarks), between, shape)
    mixed = cv2.addWeighted(first, 1 - share, second, share, 0).astype(np.uint8)
    mask = feather(mesh_mask(shape, own), float(rng.uniform(3, 10)) * face_scale(landmarks))
    return alpha_blend(image, mixed, mask)


def align_source(image: Image, landmarks: Floats, source: Image, source_landmarks: Floats) -> Image:
    """Return the source in the picture's shape, rotated and scaled to align the faces."""
    matrix, size = similarity_between(source_landmarks, landmarks), (image.shape[1], image.shape[0])
    placed = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return placed.astype(np.uint8, copy=False)


def histogram_swap(
    image: Image, landmarks: Floats, source: Image, source_landmarks: Floats, rng: np.random.Generator
) -> Image:
    """Return the source's face in a hard-edged oval, its Lab histograms matched to the target's."""
    inside = oval((image.shape[0], image.shape[1]), landmarks, rng) > 0
    placed, own = (
        cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.uint8, copy=False)
        for picture in (align_source(image, landmarks, source, source_landmarks), image)
    )
    placed[inside] = match_histogram(placed[inside], own[inside])
    return np.where(inside[..., None], cv2.cvtColor(placed, cv2.COLOR_LAB2RGB), image).astype(np.uint8)


def feathered_swap(
    image: Image, landmarks: Floats, source: Image, source_landmarks: Floats, rng: np.random.Generator
) -> Image:
    """Return the source's face under a feathered oval, its colours shifted to the target's mean."""
    mask = feathered_oval((image.shape[0], image.shape[1]), landmarks, rng)
    placed = align_source(image, landmarks, source, source_landmarks)
    return alpha_blend(image, shift_colour(placed, image, mask > 0.5), mask)
