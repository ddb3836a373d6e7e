"""Decodes JPEG files with libjpeg-turbo (simplejpeg), which reports damage that Pillow hides.

Metadata are not needed for the pixels: whatever is wrong with them is ignored, except for the orientation.
"""

from dataclasses import replace

import numpy as np
import simplejpeg

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, Pixels
from inference.media.image import decode_image
from inference.media.jpeg_markers import JpegHeader, read_header, without_metadata
from inference.media.limits import MediaLimits
from inference.media.orientation import Orientation, orientation_of
from inference.media.rgb import reduced, upright
from schemas.verdicts import UnprocessableReason

_MISSING_END = "premature end"  # libjpeg's words for coded data that stops too early


def decode_jpeg(data: bytes, limits: MediaLimits) -> DecodedFrames:
    """Return the picture. A large one is reduced while it is decoded, by the transform itself.

    Raise :class:`Unprocessable` with ``too_many_pixels``, ``truncated`` or ``undecodable``.
    """
    header = read_header(data)
    limits.check_pixels(header.width, header.height)
    limits.check_scans(header.width, header.height, header.scans)
    pixels = without_metadata(data, header)
    if header.components in (1, 3) and header.bits == 8:
        content = _decode_turbo(pixels, header, limits)
    else:
        content = decode_image(pixels, limits, pillow_format="JPEG")
    return _upright(content, orientation_of(header.exif))


def _decode_turbo(data: bytes, header: JpegHeader, limits: MediaLimits) -> DecodedFrames:
    image, fault = _decode(data, header, limits.max_picture_side)
    share = _decoded_share(image) if _MISSING_END in fault.lower() else 1.0
    if share == 0.0:
        raise Unprocessable(UnprocessableReason.TRUNCATED, fault)
    frame = Frame(reduced(image, limits.max_picture_side))
    return DecodedFrames(header.width, header.height, (frame,), decoded_share=share, fault=fault)


def _upright(content: DecodedFrames, orientation: Orientation) -> DecodedFrames:
    width, height = content.width, content.height
    if orientation.swaps_sides:
        width, height = height, width
    frames = tuple(Frame(upright(frame.image, orientation)) for frame in content.frames)
    return replace(content, width=width, height=height, frames=frames)


def _decode(data: bytes, header: JpegHeader, side: int) -> tuple[Pixels, str]:
    """Return the pixels, and what libjpeg found wrong with the file ("" for nothing)."""
    scale = min(1.0, side / max(header.width, header.height))
    size = {"min_width": round(header.width * scale), "min_height": round(header.height * scale)}
    options = {**size, "min_factor": 1.0} if scale < 1.0 else {}
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB", **options)), ""
    except ValueError as error:
        fault = str(error)
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB", strict=False, **options)), fault
    except ValueError as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, str(error)) from error


def _decoded_share(image: Pixels) -> float:
    """Return the part of the rows that hold a picture.

    Where data are missing, libjpeg repeats the last colour down to the end, so the last rows are all alike.
    """
    alike = (image == image[-1, -1]).all(axis=(1, 2))
    rows = len(alike)
    missing = rows if alike.all() else int(np.argmin(alike[::-1]))
    return float(1.0 - missing / rows)
