"""Crop a face from a picture and encode it, with box and landmarks in pixels of the crop."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.crops import crop_square, cut_square
from inference.face import Face

JPEG_QUALITY = 95
JPEG_MAGIC = b"\xff\xd8\xff"


@dataclass(frozen=True, eq=False)
class Crop:
    """An encoded crop of ``width`` x ``height``; ``face`` is in its pixels."""

    encoded: bytes
    width: int
    height: int
    face: Face
    pixels: NDArray[np.uint8]  # (H, W, 3) RGB before encoding


def make_crop(image: NDArray[np.uint8], face: Face, size: int, margin: float) -> Crop:
    """Crop the square around a face, enlarged by ``margin`` of the box's longer edge, to ``size`` pixels."""
    left, top, side = crop_square(face.box, margin)
    pixels = cut_square(image, left, top, side, size)
    scale = size / max(round(side), 1)  # as cut_square rounds
    transformed = transformed_face(face, round(left), round(top), scale)
    return Crop(_jpeg(pixels), size, size, transformed, pixels)


def keep_whole(image: NDArray[np.uint8], face: Face, encoded: bytes) -> Crop:
    """Keep a picture that is already a crop; a JPEG is kept byte for byte to avoid recompression."""
    height, width = image.shape[:2]
    kept = encoded if encoded.startswith(JPEG_MAGIC) else _jpeg(image)
    return Crop(kept, width, height, face, image)


def transformed_face(face: Face, left: float, top: float, scale: float) -> Face:
    """Return the face after a crop at (left, top) and scaling by ``scale``."""
    x0, y0, x1, y1 = face.box
    box = ((x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale)
    landmarks = tuple(((x - left) * scale, (y - top) * scale) for x, y in face.landmarks)
    return Face(box, landmarks, face.probability)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    written, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not written:
        raise ValueError(f"a crop of {pixels.shape} could not be encoded as JPEG")
    return bytes(encoded.tobytes())
