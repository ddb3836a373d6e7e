"""Find every face in pictures: MTCNN (Zhang et al., 2016) with the weights that facenet-pytorch carries.

Boxes and landmarks come back in pixels of the picture given; whether a face is large enough to judge is
decided elsewhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN
from numpy.typing import NDArray

from inference.face import Face
from inference.media.decoded import Pixels

SMALLEST_FACE = 20  # pixels in the searched picture; the networks were made for no less
MIN_PROBABILITY = 0.9  # below it are hands, foliage and text; a real face is rarely there
# A picture is searched at half its size, within these longer sides. Measured on faces of known size: all of
# 40 px and more are found in 2 MP, all of 60 px and more in 12 MP; half the time of searching at full size.
SEARCH_SCALE = 0.5
SEARCH_SIDE = (640, 1280)
SECOND_SEARCH_SIDE = 1920  # only for a picture larger than that in which nothing was found
BATCH = 16  # pictures of one size in one pass; more gains nothing on a CPU and little on a GPU


class FaceDetector:
    """Holds the three networks on one device; safe to call from several threads."""

    def __init__(self, device: torch.device) -> None:
        self._mtcnn = MTCNN(keep_all=True, min_face_size=SMALLEST_FACE, device=device).eval()

    def detect(self, images: Sequence[Pixels]) -> list[list[Face]]:
        """The faces of each picture (uint8 H x W x 3 RGB), largest first; none for one below 20 pixels."""
        found = self._search(images, [search_side(image) for image in images])
        again = [
            index
            for index, faces in enumerate(found)
            if not faces and max(images[index].shape) > SECOND_SEARCH_SIDE
        ]
        for index, faces in zip(
            again, self._search([images[i] for i in again], [SECOND_SEARCH_SIDE] * len(again)), strict=True
        ):
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
        reduced = np.stack([reduce(image, side) for image, side in batch])
        boxes, probabilities, points = self._mtcnn.detect(reduced, landmarks=True)
        found = []
        for (image, _), *raw in zip(batch, boxes, probabilities, points, strict=True):
            scale = np.array([image.shape[1], image.shape[0]]) / (reduced.shape[2], reduced.shape[1])
            found.append([] if raw[0] is None else list(_faces(*raw, scale=scale, shape=image.shape)))
        return found


def search_side(image: Pixels) -> int:
    """Longer side in pixels at which a picture is searched."""
    least, most = SEARCH_SIDE
    return int(min(max(max(image.shape[:2]) * SEARCH_SCALE, least), most))


def reduce(image: Pixels, side: int) -> Pixels:
    """The picture with its longer side at most ``side``; never enlarged, its shorter side at least 20."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(round(width * scale), SMALLEST_FACE), max(round(height * scale), SMALLEST_FACE))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _batches(searches: Iterable[tuple[Pixels, int]]) -> Iterator[list[tuple[Pixels, int]]]:
    """Neighbours of one size together, since MTCNN wants equal sizes in a batch."""
    for _, same in groupby(searches, key=lambda search: (search[0].shape, search[1])):
        group = list(same)
        for start in range(0, len(group), BATCH):
            yield group[start : start + BATCH]


def _faces(
    boxes: NDArray[np.object_],
    probabilities: NDArray[np.object_],
    points: NDArray[np.object_],
    *,
    scale: NDArray[np.float64],
    shape: tuple[int, ...],
) -> Iterator[Face]:
    """MTCNN's object arrays as faces in the picture's own pixels; those centred outside it are dropped."""
    for box, probability, landmarks in zip(boxes, probabilities, points, strict=True):
        x0, y0, x1, y1 = (float(value) for value in np.asarray(box, dtype=np.float64) * np.tile(scale, 2))
        inside = 0 <= (x0 + x1) / 2 < shape[1] and 0 <= (y0 + y1) / 2 < shape[0]
        if probability < MIN_PROBABILITY or not inside or x1 <= x0 or y1 <= y0:
            continue
        places = np.asarray(landmarks, dtype=np.float64) * scale
        yield Face((x0, y0, x1, y1), tuple((float(x), float(y)) for x, y in places), float(probability))
