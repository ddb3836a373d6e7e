"""Decodes still WebP pictures with OpenCV: Pillow plays them as animations, with four canvases in memory."""

import cv2
import numpy as np
from PIL import Image

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, Pixels
from inference.media.image import decode_image
from inference.media.limits import MediaLimits
from inference.media.orientation import orientation_of
from inference.media.rgb import reduced, to_rgb, upright
from inference.media.webp_chunks import read_header
from schemas.verdicts import UnprocessableReason

_STRIP_ROWS = 256  # converted at a time, so that a large picture exists only once besides the result


def decode_webp(data: bytes, limits: MediaLimits) -> DecodedFrames:
    """Return the picture, or the frames of an animation.

    Raise :class:`Unprocessable` with ``too_many_pixels``, ``truncated`` or ``undecodable``.
    """
    header = read_header(data)
    limits.check_pixels(header.width, header.height)
    if header.animated:
        limits.check_canvas(header.width, header.height)
        return decode_image(data, limits, pillow_format="WEBP", animated=True)
    image = _decode_still(data, limits.max_picture_side)
    orientation = orientation_of(header.exif)
    width, height = header.width, header.height
    if orientation.swaps_sides:
        width, height = height, width
    return DecodedFrames(width, height, (Frame(upright(image, orientation)),))


def _decode_still(data: bytes, side: int) -> Pixels:
    """Return the pixels with a longer side of at most ``side``, on white where they are transparent."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "the WebP data cannot be decoded")
    image = np.asarray(pixels, dtype=np.uint8)  # blue, green, red, and alpha if there is any
    if image.shape[2] == 4:
        return reduced(_on_white(image), side)
    return np.asarray(cv2.cvtColor(reduced(image, side), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _on_white(image: Pixels) -> Pixels:
    strips = np.split(image, range(_STRIP_ROWS, len(image), _STRIP_ROWS))
    result = np.empty((*image.shape[:2], 3), dtype=np.uint8)
    for index, strip in enumerate(strips):
        rgba = Image.fromarray(np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGRA2RGBA)))
        result[index * _STRIP_ROWS :][: len(strip)] = to_rgb(rgba)
    return result
