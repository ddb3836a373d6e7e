"""Warp a face piecewise by a triangle mesh, so that all landmarks match exactly."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.forgeries.masks import OUTLINES, TEMPLATE, Floats, Region, affine_between

Image = NDArray[np.uint8]

OUTLINE = np.array(OUTLINES[Region.FACE], dtype=np.float32)
MESH = np.vstack([OUTLINE, TEMPLATE])  # (P, 2) template coordinates, the landmarks last


def _triangles(points: Floats) -> NDArray[np.int64]:
    """Return the (T, 3) indices of the Delaunay triangulation."""
    plane = cv2.Subdiv2D((0, 0, 200, 200))
    plane.insert([(float(x), float(y)) for x, y in points])
    corners = np.array(plane.getTriangleList(), dtype=np.float32).reshape(-1, 3, 2)
    corners = corners[((corners >= 0) & (corners < 200)).all(axis=(1, 2))]  # the others touch the outer frame
    distances = np.linalg.norm(corners[:, :, None] - points, axis=3)
    return np.asarray(distances.argmin(axis=2), dtype=np.int64)


TRIANGLES = _triangles(MESH)


def mesh_points(landmarks: Floats) -> Floats:
    """Return the mesh (P, 2) placed on a face; its last five points are the landmarks."""
    matrix = affine_between(TEMPLATE, landmarks)
    outline = OUTLINE @ matrix[:, :2].T + matrix[:, 2]
    return np.vstack([outline, landmarks]).astype(np.float32)


def _triangle_map(shape: tuple[int, int], points: Floats) -> NDArray[np.int32]:
    """Return the (H, W) number of each pixel's triangle, from 1; 0 is outside the mesh."""
    numbers = np.zeros(shape, np.int32)
    for number, corners in enumerate(TRIANGLES, start=1):
        cv2.fillConvexPoly(numbers, np.round(points[corners]).astype(np.int32), number)
    return numbers


def mesh_mask(shape: tuple[int, int], points: Floats) -> NDArray[np.uint8]:
    """Return the (H, W) mask, 0 or 255, of the area covered by the mesh."""
    return np.where(_triangle_map(shape, points) > 0, 255, 0).astype(np.uint8)


def mesh_warp(image: Image, points: Floats, target: Floats, shape: tuple[int, int]) -> Image:
    """Return the picture (H, W, 3) with each triangle of ``points`` mapped onto that of ``target``.

    Pixels outside the mesh get the colour of the picture's upper left corner.
    """
    maps = np.zeros((len(TRIANGLES) + 1, 2, 3), np.float32)
    maps[1:] = [cv2.getAffineTransform(target[corners], points[corners]) for corners in TRIANGLES]
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    place = np.stack([xs, ys, np.ones_like(xs)], axis=-1)
    origin = np.einsum("hwij,hwj->hwi", maps[_triangle_map(shape, target)], place)
    warped = cv2.remap(image, origin[..., 0], origin[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return warped.astype(np.uint8, copy=False)
