"""Still pictures and animations to upright 8-bit RGB, by Pillow (HEIC by pillow-heif)."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from inference.errors import Unprocessable
from inference.media import sniff
from inference.media.decoded import Frame, Pixels
from inference.media.limits import MediaLimits
from inference.media.sampling import evenly
from schemas.verdicts import UnprocessableReason

pillow_heif.register_heif_opener()
# Pillow's own limit warns above 89 MP; ours is lower, refuses, and is checked on the same header.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

_FORMATS = {
    sniff.JPEG: ("JPEG",),
    sniff.PNG: ("PNG",),
    sniff.WEBP: ("WEBP",),
    sniff.GIF: ("GIF",),
    sniff.HEIC: ("HEIF",),
    sniff.AVIF: ("AVIF",),
    sniff.TIFF: ("TIFF",),
    sniff.BMP: ("BMP",),
}
_ANIMATED = frozenset(
    {sniff.PNG, sniff.WEBP, sniff.GIF, sniff.AVIF}
)  # not MPO, TIFF, HEIC: views, pages, bursts
_DEFAULT_FRAME_MS = 100  # what browsers show for a frame without a duration
_WHITE = (255, 255, 255, 255)  # what most clients show behind a transparent picture


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    """Upright size in pixels and the frames taken; ``seconds`` is the duration, None if it does not move."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    seconds: float | None = None


def decode_image(data: bytes, media_type: str, limits: MediaLimits) -> DecodedPicture:
    """The picture, or up to ``limits.max_frames`` frames of an animation.

    Frames are reduced to the side that ``limits`` keep, so that memory is bounded whatever is posted.
    Raises :class:`Unprocessable`: ``too_many_pixels``, ``truncated``, ``undecodable``.
    """
    with _decoder_faults(), Image.open(io.BytesIO(data), formats=_FORMATS[media_type]) as picture:
        limits.check_pixels(*picture.size)
        count = getattr(picture, "n_frames", 1) if media_type in _ANIMATED else 1
        if count == 1:
            return _still(picture, limits)
        limits.check_animation(*picture.size, count)
        return _animation(picture, frozenset(evenly(count, limits.max_frames)), limits)


def _still(picture: Image.Image, limits: MediaLimits) -> DecodedPicture:
    image = _upright_rgb(picture)
    height, width = image.shape[:2]
    return DecodedPicture(width, height, (Frame(_reduced(image, limits.max_picture_side)),))


def _animation(picture: Image.Image, wanted: frozenset[int], limits: MediaLimits) -> DecodedPicture:
    """Frames are composed one on another, so all are decoded, in order; a long-shown frame counts once."""
    seconds, taken = 0.0, []
    width, height = picture.size
    for index, frame in enumerate(ImageSequence.Iterator(picture)):
        frame.load()
        if index in wanted:
            image = _upright_rgb(frame)
            height, width = image.shape[:2]
            taken.append(Frame(_reduced(image, limits.max_frame_side), seconds))
        seconds += (frame.info.get("duration") or _DEFAULT_FRAME_MS) / 1000
    return DecodedPicture(width, height, tuple(taken), seconds)


def _reduced(image: Pixels, side: int) -> Pixels:
    """The picture with its longer side at most ``side``; never enlarged."""
    height, width = image.shape[:2]
    shrink = side / max(height, width)
    if shrink >= 1:
        return image
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _upright_rgb(picture: Image.Image) -> Pixels:
    upright = ImageOps.exif_transpose(picture)
    return np.asarray(_to_rgb(upright), dtype=np.uint8)


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        return _scaled(picture, 257.0)  # 65535 / 255
    if picture.mode in {"I", "F"}:
        return _scaled(picture, float(max(np.asarray(picture).max(), 1)) / 255)
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
    return picture.convert("RGB")


def _scaled(picture: Image.Image, divisor: float) -> Image.Image:
    """A picture with more than 8 bits as 8-bit RGB; Pillow's own conversion would clip it at 255."""
    grey = np.asarray(picture, dtype=np.float32) / divisor
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


@contextmanager
def _decoder_faults() -> Iterator[None]:
    """Pillow's many exceptions as our reasons; it has no type of its own for a file that ends early."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise Unprocessable(UnprocessableReason.TOO_MANY_PIXELS, str(error)) from error
    except UnidentifiedImageError as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "the header cannot be read") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError) as error:
        early = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = UnprocessableReason.TRUNCATED if early else UnprocessableReason.UNDECODABLE
        raise Unprocessable(reason, str(error) or type(error).__name__) from error
