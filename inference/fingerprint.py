"""Perceptual fingerprints: PDQ (Meta, 2019), 256 bits that survive re-encoding and scaling."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash

from inference.media.decoded import Frame, Pixels

# Longer side in pixels, as in the reference implementation; hashing 2 MP at full size takes 10 times longer.
# Smaller pictures are enlarged: else 10 % of pictures of 288 px are not recognised at half their size.
HASHED_SIDE = 512
ORIENTATIONS = 8  # of a picture: four rotations, each also mirrored
MIN_QUALITY = 50  # hashes of lower quality should not be compared, according to the paper


@dataclass(frozen=True)
class Fingerprint:
    """``pdq``: 64 lower-case hex digits; ``quality``: 0 (featureless) to 100."""

    pdq: str
    quality: int


def fingerprint(image: Pixels) -> Fingerprint:
    """Return the PDQ hash of a picture (H, W, 3) uint8 RGB."""
    scale = HASHED_SIDE / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, size, interpolation=method)
    bits, quality = pdqhash.compute(np.ascontiguousarray(resized))
    return Fingerprint(np.packbits(bits).tobytes().hex(), int(quality))


def frame_fingerprints(frames: Sequence[Frame]) -> tuple[Fingerprint, ...]:
    """Return the PDQ hash of each frame, in order, as vPDQ does with the frames of a video."""
    return tuple(fingerprint(frame.image) for frame in frames)


def representative(fingerprints: Sequence[Fingerprint]) -> Fingerprint:
    """Return the hash of the middle frame; if that is featureless (black, faded), of the best frame."""
    middle = fingerprints[len(fingerprints) // 2]
    return middle if middle.quality >= MIN_QUALITY else max(fingerprints, key=lambda each: each.quality)


def comparable(fingerprints: Sequence[Fingerprint]) -> tuple[str, ...]:
    """Return the distinct hashes of sufficient quality, in order."""
    return tuple(dict.fromkeys(each.pdq for each in fingerprints if each.quality >= MIN_QUALITY))


def differing_bits(one: str, other: str) -> int:
    """Return in how many of 256 bits two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def dihedral(pdq: str) -> tuple[str, ...]:
    """Return the hashes of the picture's rotations and mirror images, itself first, to within some 20 bits.

    A mirror image changes the sign of every other row or column of the cosine transform, and a rotation also
    swaps rows and columns. The bits of a PDQ hash tell which coefficients are above their median, which is
    near zero, so a changed sign inverts the bit.
    """
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(pdq), np.uint8)).reshape(16, 16)
    odd = np.arange(16) % 2 == 1  # the last row and column, 15, have the frequency 1, and so on
    rows, columns = odd[:, None] * np.ones(16, bool), np.ones(16, bool)[:, None] * odd
    signs = (np.zeros((16, 16), bool), rows, columns, rows ^ columns)
    turned = (plane ^ sign for plane in (bits, bits.T) for sign in signs)
    return tuple(np.packbits(plane.astype(np.uint8)).tobytes().hex() for plane in turned)
