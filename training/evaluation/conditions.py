"""Platform processing (compression, resizing, screenshots) at fixed strengths, and the face's new position.

Unlike in training, a reduced picture keeps its smaller size; the face is cropped from it as in production.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import h264, jpeg

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]

NONE = "none"
JPEG_50, HALF_SIZE = "JPEG 50", "1/2 size"
MIN_SIDE = 8  # pixels
BAR_SHARE = 0.08  # height of the status bar as a share of the screen's width
LIGHT, DARK = (250, 18)  # grey levels of the application's background


@dataclass(frozen=True, slots=True)
class View:
    """A processed picture; a point of the original lies at ``point * scale + (left, top)`` in it."""

    image: Image
    scale: float = 1.0
    left: int = 0
    top: int = 0

    def box(self, box: Box) -> Box:
        """Return the position of a box of the original."""
        x0, y0, x1, y1 = (value * self.scale for value in box)
        return x0 + self.left, y0 + self.top, x1 + self.left, y1 + self.top


Condition = Callable[[Image, np.random.Generator], View]


def resized(image: Image, scale: float) -> View:
    """Return the resized picture; shrinking averages over areas."""
    height, width = image.shape[:2]
    size = (max(round(width * scale), MIN_SIDE), max(round(height * scale), MIN_SIDE))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return View(cv2.resize(image, size, interpolation=method).astype(np.uint8, copy=False), scale)


def screenshot(image: Image, rng: np.random.Generator) -> View:
    """Return a screenshot of an application that shows the picture, resampled, with bars, text and a button.

    Half of the screenshots are JPEG-coded.
    """
    view = resized(image, float(rng.uniform(0.65, 1.55)))
    height, width = view.image.shape[:2]
    bar = max(round(width * BAR_SHARE), MIN_SIDE)
    background, ink = (LIGHT, DARK) if rng.random() < 0.5 else (DARK, LIGHT)
    screen = np.full((height + 3 * bar, width, 3), background, np.uint8)
    screen[bar : bar + height] = view.image
    _decorate(screen, bar, ink)
    saved = screen if rng.random() < 0.5 else jpeg(screen, int(rng.integers(75, 93)))
    return View(saved, view.scale, 0, bar)


def _decorate(screen: Image, bar: int, ink: int) -> None:
    """Draw a clock at the top, a caption at the bottom and a button in the picture's lower right corner."""
    height, width = screen.shape[:2]
    colour, font, size = (ink, ink, ink), cv2.FONT_HERSHEY_SIMPLEX, bar / 40
    cv2.putText(screen, "9:41", (bar // 2, bar - bar // 4), font, size, colour, 1, cv2.LINE_AA)
    cv2.rectangle(screen, (width - 2 * bar, bar // 4), (width - bar, 3 * bar // 4), colour, 1)
    caption = (bar // 2, height - bar)
    cv2.putText(screen, "1,204 likes  View all comments", caption, font, size, colour, 1, cv2.LINE_AA)
    cv2.circle(screen, (width - bar, height - 3 * bar), bar // 2, (254, 44, 85), -1, cv2.LINE_AA)


def _jpeg(quality: int) -> Condition:
    return lambda image, _: View(jpeg(image, quality))


def _h264(crf: int) -> Condition:
    return lambda image, _: View(h264(image, crf))


def _resize(scale: float) -> Condition:
    return lambda image, _: resized(image, scale)


CONDITIONS: dict[str, Condition] = {
    NONE: lambda image, _: View(image),
    "JPEG 95": _jpeg(95),
    "JPEG 75": _jpeg(75),
    JPEG_50: _jpeg(50),
    "JPEG 30": _jpeg(30),
    "H.264 CRF 23": _h264(23),
    "H.264 CRF 30": _h264(30),
    "H.264 CRF 40": _h264(40),
    HALF_SIZE: _resize(1 / 2),
    "1/4 size": _resize(1 / 4),
    "screenshot": screenshot,
}
