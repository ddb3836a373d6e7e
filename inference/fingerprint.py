"""Perceptual fingerprints: PDQ (Meta, 2019), 256 bits that survive re-encoding and scaling."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash

from inference.media.decoded import Frame, Pixels

HASHED_SIDE = (
    512  # as the reference implementation reduces first; hashing 2 MP as it is takes 10 times longer
)
INFORMATIVE = 50  # PDQ's quality below which its paper says not to compare


@dataclass(frozen=True)
class Fingerprint:
    """``pdq``: 64 lower-case hex digits; ``quality``: 0 (featureless) to 100."""

    pdq: str
    quality: int


def fingerprint(image: Pixels) -> Fingerprint:
    """PDQ of a uint8 RGB picture."""
    scale = min(1.0, HASHED_SIDE / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    reduced = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bits, quality = pdqhash.compute(np.ascontiguousarray(reduced))
    return Fingerprint(np.packbits(bits).tobytes().hex(), int(quality))


def media_fingerprint(frames: Sequence[Frame]) -> Fingerprint:
    """PDQ of the middle frame, or, where that is featureless (black, faded), of the best of the others."""
    middle = fingerprint(frames[len(frames) // 2].image)
    if middle.quality >= INFORMATIVE or len(frames) == 1:
        return middle
    return max((fingerprint(frame.image) for frame in frames), key=lambda one: one.quality)
