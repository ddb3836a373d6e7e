"""Decodes still pictures and animations to upright 8-bit RGB with Pillow."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, Pixels
from inference.media.limits import MediaLimits
from inference.media.orientation import Orientation, orientation_of
from inference.media.sampling import evenly_spaced
from schemas.verdicts import UnprocessableReason

# Pillow warns above 89 MP. MediaLimits is stricter: it refuses above 50 MP, by the same header.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

_DEFAULT_FRAME_MS = 100  # what browsers show for a frame without a duration
_WHITE = (255, 255, 255, 255)  # what most clients show behind a transparent picture
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError)  # what Pillow raises for it
_STRIP_ROWS = 256  # converted at a time, so that a large picture exists only once besides the result


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
        count = _frame_count(picture) if animated else 1
        if count == 1:
            return _decode_still(picture, limits)
        return _decode_animation(picture, count, limits)


def _decode_still(picture: Image.Image, limits: MediaLimits) -> DecodedFrames:
    picture.load()
    orientation = _orientation(picture)
    width, height = picture.size
    if orientation.swaps_sides:
        width, height = height, width
    image = upright(reduced(_to_rgb(picture), limits.max_picture_side), orientation)
    return DecodedFrames(width, height, (Frame(image),))


def _frame_count(picture: Image.Image) -> int:
    """Return the number of frames. Of a file that ends early, one more than can be found."""
    try:
        return int(getattr(picture, "n_frames", 1))
    except _DAMAGE:
        found = 0
    try:
        while True:
            picture.seek(found)
            found += 1
    except _DAMAGE:
        picture.seek(0)
    return found + 1


def _decode_animation(picture: Image.Image, count: int, limits: MediaLimits) -> DecodedFrames:
    """Decode all frames in order, since each is composed on the one before, and return the sampled ones.

    Sampling is by index, so a frame with a long duration is sampled at most once. A frame that cannot be
    decoded ends the animation, as it does in browsers; so does the limit of pixels.
    """
    sampled = frozenset(evenly_spaced(count, limits.max_frames))
    frames: list[Frame] = []
    seconds, pixels, fault = 0.0, 0, ""
    size: tuple[int, int] | None = None
    iterator = ImageSequence.Iterator(picture)
    for index in range(count):
        try:
            frame = next(iterator)
            limits.check_pixels(*frame.size)  # a GIF may grow beyond the size in its header
            pixels += frame.width * frame.height
            if pixels > limits.max_animation_pixels:
                fault = f"{limits.max_animation_pixels} pixels are decoded at most, {index} of {count} frames"
                break
            frame.load()
        except (*_DAMAGE, StopIteration) as error:
            fault = f"frame {index + 1} of {count} cannot be decoded: {error}"
            break
        if index in sampled:
            size = size or frame.size
            frames.append(Frame(reduced(_to_rgb(frame), limits.max_frame_side), seconds))
        seconds += (frame.info.get("duration") or _DEFAULT_FRAME_MS) / 1000
    if size is None:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, fault or "no frame can be decoded")
    return DecodedFrames(
        *size, _equal_sizes(frames), seconds, decoded_share=len(frames) / len(sampled), fault=fault
    )


def _equal_sizes(frames: list[Frame]) -> tuple[Frame, ...]:
    """Return the frames in the size of the first: boxes are in pixels of the media item."""
    height, width = frames[0].image.shape[:2]
    return tuple(
        frame
        if frame.image.shape[:2] == (height, width)
        else Frame(np.asarray(cv2.resize(frame.image, (width, height)), dtype=np.uint8), frame.seconds)
        for frame in frames
    )


def reduced(image: Pixels, side: int) -> Pixels:
    """Return the picture with a longer side of at most ``side`` pixels; it is never enlarged."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def upright(image: Pixels, orientation: Orientation) -> Pixels:
    """Return the stored picture as it is to be seen."""
    if orientation in (Orientation.TRANSPOSED, Orientation.QUARTER_TURN_CLOCKWISE,
                       Orientation.TRANSVERSED, Orientation.QUARTER_TURN_COUNTERCLOCKWISE):  # fmt: skip
        image = image.transpose(1, 0, 2)
    if orientation in (Orientation.MIRRORED, Orientation.HALF_TURN,
                       Orientation.QUARTER_TURN_CLOCKWISE, Orientation.TRANSVERSED):  # fmt: skip
        image = image[:, ::-1]
    if orientation in (Orientation.HALF_TURN, Orientation.MIRRORED_HALF_TURN,
                       Orientation.TRANSVERSED, Orientation.QUARTER_TURN_COUNTERCLOCKWISE):  # fmt: skip
        image = image[::-1]
    return np.ascontiguousarray(image)


def _orientation(picture: Image.Image) -> Orientation:
    exif = picture.info.get("exif")
    if isinstance(exif, bytes):
        return orientation_of(exif)
    if picture.format == "TIFF":  # its own tags are those of EXIF
        return orientation_of(picture.getexif().tobytes())
    return Orientation.UPRIGHT


def _to_rgb(picture: Image.Image) -> Pixels:
    """Return the pixels as 8-bit RGB, converted in strips."""
    brightest = _brightest(picture)
    image = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    for top in range(0, picture.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, picture.height)
        strip = picture.crop((0, top, picture.width, bottom))
        image[top:bottom] = np.asarray(_strip_to_rgb(strip, brightest))
    return image


def _brightest(picture: Image.Image) -> float:
    """Return the value that becomes white in a picture of more than 8 bits."""
    if picture.mode not in {"I", "F"}:
        return 65_535.0
    _, brightest = picture.getextrema()
    assert isinstance(brightest, int | float)  # these modes have one channel
    return float(max(brightest, 1))


def _strip_to_rgb(strip: Image.Image, brightest: float) -> Image.Image:
    if strip.mode.startswith("I;16") or strip.mode in {"I", "F"}:
        return _divided(strip, brightest / 255)
    if strip.has_transparency_data:
        rgba = strip.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
    return strip.convert("RGB")


def _divided(strip: Image.Image, divisor: float) -> Image.Image:
    """Return a picture of more than 8 bits as 8-bit RGB; Pillow's own conversion clips it at 255."""
    grey = np.asarray(strip, dtype=np.float32) / divisor
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
    except _DAMAGE as error:
        truncated = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = UnprocessableReason.TRUNCATED if truncated else UnprocessableReason.UNDECODABLE
        raise Unprocessable(reason, str(error) or type(error).__name__) from error
