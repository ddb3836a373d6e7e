"""Decodes still pictures and animations to upright 8-bit RGB with Pillow."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from inference.errors import Unprocessable
from inference.media.animation import DAMAGE, decode_animation, frame_count
from inference.media.decoded import DecodedFrames, Frame
from inference.media.limits import MediaLimits
from inference.media.orientation import Orientation, orientation_of
from inference.media.rgb import reduced, to_rgb, upright
from schemas.verdicts import UnprocessableReason

# Pillow warns above 89 MP. MediaLimits is stricter: it refuses above 50 MP, by the same header.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def decode_image(
    data: bytes, limits: MediaLimits, *, pillow_format: str, animated: bool = False
) -> DecodedFrames:
    """Return the picture, or up to ``limits.max_frames`` frames of an animation.

    ``pillow_format`` is Pillow's name of the format, and no other is tried. Set ``animated`` for formats
    with frames that follow one another in time; of views (MPO), pages (TIFF) and bursts (HEIC) only the
    first or primary picture is decoded. Frames are reduced to the side that ``limits`` allow, which bounds
    memory. Raise :class:`Unprocessable` with ``too_many_pixels``, ``truncated`` or ``undecodable``.
    """
    with _pillow_errors(), Image.open(io.BytesIO(data), formats=(pillow_format,)) as picture:
        limits.check_pixels(*picture.size)
        count = frame_count(picture) if animated else 1
        if count == 1:
            return _decode_still(picture, limits)
        return decode_animation(picture, count, limits)


def _decode_still(picture: Image.Image, limits: MediaLimits) -> DecodedFrames:
    picture.load()
    orientation = _orientation(picture)
    width, height = picture.size
    if orientation.swaps_sides:
        width, height = height, width
    image = upright(reduced(to_rgb(picture), limits.max_picture_side), orientation)
    return DecodedFrames(width, height, (Frame(image),))


def _orientation(picture: Image.Image) -> Orientation:
    """Return how the picture is to be turned; Pillow itself turns TIFF files while it loads them."""
    exif = picture.info.get("exif")
    return orientation_of(exif) if isinstance(exif, bytes) else Orientation.UPRIGHT


@contextmanager
def _pillow_errors() -> Iterator[None]:
    """Raise Pillow's exceptions as :class:`Unprocessable`; Pillow has no exception for a truncated file."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise Unprocessable(UnprocessableReason.TOO_MANY_PIXELS, str(error)) from error
    except UnidentifiedImageError as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "the header cannot be read") from error
    except DAMAGE as error:
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = UnprocessableReason.TRUNCATED if truncated else UnprocessableReason.UNDECODABLE
        raise Unprocessable(reason, str(error) or type(error).__name__) from error
