"""Detect all faces in pictures with MTCNN (Zhang et al., 2016) and the weights of facenet-pytorch."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN
from numpy.typing import NDArray

from inference.face import Face
from inference.media.decoded import Pixels

SMALLEST_FACE = 20  # pixels in the searched picture; MTCNN supports no smaller ones
MIN_PROBABILITY = 0.9  # detections below it are mostly hands, foliage and text
# A picture is searched at half its size, with the longer side within these limits. Measured on faces of known
# size: all faces from 40 px are found in 2 MP and all from 60 px in 12 MP, in half the time that a search at
# full size takes.
SEARCH_SCALE = 0.5
SEARCH_SIDE = (640, 1280)
SECOND_SEARCH_SIDE = 1920  # only for a larger picture in which no face was found
# Searched pixels of one pass. Activations take some 300 bytes for each. On a CPU, larger passes gain nothing:
# eight pictures of 12 MP in one pass took 1.3 GB more and 1.6 times as long.
PASS_PIXELS = 2_500_000


class FaceDetector:
    """MTCNN's three networks on one device; safe to call from several threads."""

    def __init__(self, device: torch.device) -> None:
        self._mtcnn = MTCNN(keep_all=True, min_face_size=SMALLEST_FACE, device=device).eval()

    def detect(self, images: Sequence[Pixels]) -> list[list[Face]]:
        """Return the faces of each picture (H, W, 3) uint8 RGB, largest first, in pixels of that picture.

        Pictures with an edge below 20 pixels have none.
        """
        found = self._search(images, [search_side(image) for image in images])
        again = [
            index
            for index, faces in enumerate(found)
            if not faces and max(images[index].shape) > SECOND_SEARCH_SIDE
        ]
        second = self._search([images[index] for index in again], [SECOND_SEARCH_SIDE] * len(again))
        for index, faces in zip(again, second, strict=True):
            found[index] = faces
        return found

    def _search(self, images: Sequence[Pixels], sides: Sequence[int]) -> list[list[Face]]:
        found: list[list[Face]] = []
        for batch in _batches(zip(images, sides, strict=True)):
            found += self._search_batch(batch)
        return found

    def _search_batch(self, batch: list[tuple[Pixels, int]]) -> list[list[Face]]:
        if min(batch[0][0].shape[:2]) < SMALLEST_FACE:
            return [[] for _ in batch]
        downscaled = np.stack([downscale(image, side) for image, side in batch])
        boxes, probabilities, points = self._mtcnn.detect(downscaled, landmarks=True)
        found = []
        for (image, _), *raw in zip(batch, boxes, probabilities, points, strict=True):
            scale = np.array([image.shape[1], image.shape[0]]) / (downscaled.shape[2], downscaled.shape[1])
            found.append([] if raw[0] is None else list(_faces(*raw, scale=scale, shape=image.shape)))
        return found


def search_side(image: Pixels) -> int:
    """Return the longer side in pixels at which a picture is searched."""
    lower, upper = SEARCH_SIDE
    return int(min(max(max(image.shape[:2]) * SEARCH_SCALE, lower), upper))


def downscale(image: Pixels, side: int) -> Pixels:
    """Return the picture with its longer side at most ``side`` and its shorter side at least 20 pixels.

    Pictures are never enlarged.
    """
    height, width = _searched_size(image.shape, side)
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _searched_size(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return height and width at which a picture of this shape is searched."""
    height, width = shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return height, width
    return max(round(height * scale), SMALLEST_FACE), max(round(width * scale), SMALLEST_FACE)


def _batches(searches: Iterable[tuple[Pixels, int]]) -> Iterator[list[tuple[Pixels, int]]]:
    """Group consecutive pictures of the same size, since MTCNN needs equal sizes in a batch."""
    for (shape, side), same in groupby(searches, key=lambda search: (search[0].shape, search[1])):
        group = list(same)
        size = max(1, PASS_PIXELS // _searched_pixels(shape, side))
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _searched_pixels(shape: tuple[int, ...], side: int) -> int:
    height, width = _searched_size(shape, side)
    return height * width


def _faces(
    boxes: NDArray[np.object_],
    probabilities: NDArray[np.object_],
    points: NDArray[np.object_],
    *,
    scale: NDArray[np.float64],
    shape: tuple[int, ...],
) -> Iterator[Face]:
    """Convert MTCNN's arrays to faces in pixels of the picture; drop those centred outside it."""
    for box, probability, landmarks in zip(boxes, probabilities, points, strict=True):
        x0, y0, x1, y1 = (float(value) for value in np.asarray(box, dtype=np.float64) * np.tile(scale, 2))
        inside = 0 <= (x0 + x1) / 2 < shape[1] and 0 <= (y0 + y1) / 2 < shape[0]
        if probability < MIN_PROBABILITY or not inside or x1 <= x0 or y1 <= y0:
            continue
        scaled = np.asarray(landmarks, dtype=np.float64) * scale
        yield Face((x0, y0, x1, y1), tuple((float(x), float(y)) for x, y in scaled), float(probability))
