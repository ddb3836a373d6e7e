"""The mark of the project's predecessor: a text in the parity of the red channel.

Where a text is drawn, red is odd; elsewhere it is even. Any lossy format erases it, and anybody can write it,
so it only serves to recognise old pictures. New ones get the mark of :mod:`inference.watermark.embedding`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.media.decoded import Pixels

TEXT = "FAKE_ME"
COPIES = 10
_THICKNESS = 2
_AGREEMENT = 0.9  # of neighbours' parities; 0.5 in pictures without a mark
_COMPARED = 1_000  # neighbours, the fewest that give an answer
_TEXT_SHARES = (0.0005, 0.5)  # of the pixels


@dataclass(frozen=True)
class TextMark:
    """What the parity of the red channel looks like."""

    present: bool
    confidence: float
    """Agreement of neighbours' parities, relative to what is needed: 1 or more where the mark is present."""


def embed_text(image: Pixels, text: str = TEXT, *, seed: int = 0) -> Pixels:
    """Return ``image`` (H, W, 3) uint8 RGB with ``text`` hidden at ten places; values change by at most 1.

    Only a lossless format keeps it. Raise ValueError if the picture is too small for the text.
    """
    height, width = image.shape[:2]
    font = cv2.FONT_HERSHEY_SIMPLEX
    scale = max(min(width, height) / 400, 0.5)
    (text_width, text_height), baseline = cv2.getTextSize(text, font, scale, _THICKNESS)
    free = width - text_width, height - text_height - baseline
    if min(free) < 0:
        raise ValueError(
            f"the picture has {width} x {height} pixels: the text {text[:40]!r} needs"
            f" {text_width} x {text_height + baseline}"
        )
    template = np.zeros((height, width), np.uint8)
    rng = np.random.default_rng(seed)
    for x, y in zip(*(rng.integers(0, most + 1, COPIES).tolist() for most in free), strict=True):
        cv2.putText(template, text, (x, y + text_height), font, scale, 1, _THICKNESS)
    marked = image.copy()
    marked[..., 0] = (image[..., 0] & 0xFE) | template
    return marked


def recover_text(image: Pixels) -> NDArray[np.uint8]:
    """Return the hidden template as a picture (H, W) uint8: 255 where red is odd, else 0."""
    return np.where(image[..., 0] & 1, np.uint8(255), np.uint8(0))


def detect_text(image: Pixels) -> TextMark:
    """Tell whether the parity of ``image`` (H, W, 3) uint8 RGB looks like drawn text.

    Drawn text has the same parity at nearly all neighbours, noise at half of them. Neighbours of one colour
    are not compared, since they agree in every picture.
    """
    red = image[..., 0]
    agreeing = compared = 0
    for one, other in ((red[:, 1:], red[:, :-1]), (red[1:], red[:-1])):
        differing = (one >> 1) != (other >> 1)
        agreeing += int(np.count_nonzero(differing & ((one & 1) == (other & 1))))
        compared += int(np.count_nonzero(differing))
    odd = float((red & 1).mean())
    if compared < _COMPARED or not _TEXT_SHARES[0] <= odd <= _TEXT_SHARES[1]:
        return TextMark(False, 0.0)
    confidence = agreeing / compared / _AGREEMENT
    return TextMark(confidence >= 1, confidence)
