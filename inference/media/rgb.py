"""Converts the pixels of Pillow pictures to 8-bit RGB, reduces them and turns them upright."""

import cv2
import numpy as np
from PIL import Image

from inference.media.decoded import Pixels
from inference.media.orientation import Orientation

_WHITE = (255, 255, 255, 255)  # what most clients show behind a transparent picture
_STRIP_ROWS = 256  # converted at a time, so that a large picture exists only once besides the result


def to_rgb(picture: Image.Image) -> Pixels:
    """Return the pixels as 8-bit RGB, converted in strips; transparent ones are shown on white."""
    brightest = _brightest(picture)
    image = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    for top in range(0, picture.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, picture.height)
        strip = picture.crop((0, top, picture.width, bottom))
        image[top:bottom] = np.asarray(_strip_to_rgb(strip, brightest))
    return image


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
