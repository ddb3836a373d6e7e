"""Decode still pictures and animations to upright 8-bit RGB with Pillow."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, Pixels
from inference.media.limits import MediaLimits
from inference.media.sampling import evenly_spaced
from schemas.verdicts import UnprocessableReason

# Pillow warns above 89 MP. MediaLimits is stricter: it refuses above 50 MP, by the same header.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

_DEFAULT_FRAME_MS = 100  # what browsers show for a frame without a duration
_WHITE = (255, 255, 255, 255)  # what most clients show behind a transparent picture


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
        count = getattr(picture, "n_frames", 1) if animated else 1
        if count == 1:
            return _decode_still(picture, limits)
        limits.check_animation(*picture.size, count)
        return _decode_animation(picture, frozenset(evenly_spaced(count, limits.max_frames)), limits)


def _decode_still(picture: Image.Image, limits: MediaLimits) -> DecodedFrames:
    image = _upright_rgb(picture)
    height, width = image.shape[:2]
    return DecodedFrames(width, height, (Frame(_reduced(image, limits.max_picture_side)),))


def _decode_animation(picture: Image.Image, sampled: frozenset[int], limits: MediaLimits) -> DecodedFrames:
    """Decode all frames in order, since each is composed on the one before, and return the sampled ones.

    Sampling is by index, so a frame with a long duration is sampled at most once.
    """
    seconds, frames = 0.0, []
    width, height = picture.size
    for index, frame in enumerate(ImageSequence.Iterator(picture)):
        frame.load()
        if index in sampled:
            image = _upright_rgb(frame)
            height, width = image.shape[:2]
            frames.append(Frame(_reduced(image, limits.max_frame_side), seconds))
        seconds += (frame.info.get("duration") or _DEFAULT_FRAME_MS) / 1000
    return DecodedFrames(width, height, tuple(frames), seconds)


def _reduced(image: Pixels, side: int) -> Pixels:
    """Return the picture with a longer side of at most ``side`` pixels; it is never enlarged."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _upright_rgb(picture: Image.Image) -> Pixels:
    upright = ImageOps.exif_transpose(picture)
    return np.asarray(_to_rgb(upright), dtype=np.uint8)


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        return _divided(picture, 257.0)  # 65535 / 255
    if picture.mode in {"I", "F"}:
        return _divided(picture, float(max(np.asarray(picture).max(), 1)) / 255)
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
    return picture.convert("RGB")


def _divided(picture: Image.Image, divisor: float) -> Image.Image:
    """Return a picture of more than 8 bits as 8-bit RGB; Pillow's own conversion clips it at 255."""
    grey = np.asarray(picture, dtype=np.float32) / divisor
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


@contextmanager
def _pillow_errors() -> Iterator[None]:
    """Raise Pillow's exceptions as :class:`Unprocessable`; Pillow has no exception for a truncated file."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise Unprocessable(UnprocessableReason.TOO_MANY_PIXELS, str(error)) from error
    except UnidentifiedImageError as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "the header cannot be read") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError) as error:
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = UnprocessableReason.TRUNCATED if truncated else UnprocessableReason.UNDECODABLE
        raise Unprocessable(reason, str(error) or type(error).__name__) from error
