"""Perceptual fingerprints: PDQ (Meta, 2019), 256 bits that survive re-encoding and scaling."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash

from inference.media.decoded import Frame, Pixels

# Longer side in pixels, as in the reference implementation; hashing 2 MP at full size takes 10 times longer.
HASHED_SIDE = 512
MIN_QUALITY = 50  # hashes of lower quality should not be compared, according to the paper


@dataclass(frozen=True)
class Fingerprint:
    """``pdq``: 64 lower-case hex digits; ``quality``: 0 (featureless) to 100."""

    pdq: str
    quality: int


def fingerprint(image: Pixels) -> Fingerprint:
    """Return the PDQ hash of a picture (H, W, 3) uint8 RGB."""
    scale = min(1.0, HASHED_SIDE / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    reduced = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bits, quality = pdqhash.compute(np.ascontiguousarray(reduced))
    return Fingerprint(np.packbits(bits).tobytes().hex(), int(quality))


def media_fingerprint(frames: Sequence[Frame]) -> Fingerprint:
    """Return the PDQ hash of the middle frame; if that is featureless (black, faded), of the best frame."""
    middle = fingerprint(frames[len(frames) // 2].image)
    if middle.quality >= MIN_QUALITY or len(frames) == 1:
        return middle
    return max((fingerprint(frame.image) for frame in frames), key=lambda candidate: candidate.quality)
