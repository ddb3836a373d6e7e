"""What happens to pictures on their way through social networks, and what people do to remove a mark.

Each change maps (H, W, 3) uint8 RGB to the same kind of picture, of another size perhaps. Random ones get a
generator, so that every scheme is tried on the same copies.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks import pictures
from benchmarks.pictures import compressed, decoded_video, encoded_video, resized
from inference.media.decoded import Pixels

STILL_FRAMES = 25

Change = Callable[[Pixels, np.random.Generator], Pixels]


@dataclass(frozen=True)
class Attack:
    """One change; ``smallest`` is the short side of the pictures that it is tried on, in pixels."""

    name: str
    change: Change
    smallest: int = 0


def attacks() -> list[Attack]:
    """Return all changes, in the order of the report."""
    return [
        Attack("none", lambda image, _: image),
        *(Attack(f"JPEG {quality}", encoded("JPEG", quality)) for quality in (90, 75, 50, 30, 20)),
        Attack("WebP 50", encoded("WEBP", 50)),
        Attack("half size", scaled(0.5)),
        Attack("half size and back", chain(scaled(0.5), scaled(2))),
        Attack("0.7 of the size", scaled(0.7)),
        Attack("double size", scaled(2)),
        *(Attack(f"crop {cut} %", cropped(1 - cut / 100)) for cut in (10, 25, 50)),
        Attack("crop to a quarter of each side", cropped(0.25), 512),
        Attack("rotation 1", rotated(1)),
        Attack("rotation 5", rotated(5)),
        Attack("flip", lambda image, _: image[:, ::-1]),
        Attack("aspect +6 %", stretched(1.06)),
        Attack("aspect -6 %", stretched(0.94)),
        Attack("screenshot", screenshot),
        Attack("blur 1", lambda image, _: np.asarray(cv2.GaussianBlur(image, (0, 0), 1), np.uint8)),
        Attack("noise 5", noisy(5)),
        Attack("sticker 20 %", sticker(0.2)),
        Attack("H.264 CRF 23", h264(23)),
        Attack("H.264 CRF 32", h264(32)),
        Attack("half + JPEG 70", chain(scaled(0.5), encoded("JPEG", 70))),
        Attack("quarter + JPEG 85", chain(scaled(0.25), encoded("JPEG", 85)), 1024),
        Attack("crop 25 % + 0.7 + JPEG 50", chain(cropped(0.75), scaled(0.7), encoded("JPEG", 50))),
        Attack("platform 1080, JPEG 70", chain(long_side(1080), encoded("JPEG", 70))),
        Attack("platform 2048, JPEG 85", chain(long_side(2048), encoded("JPEG", 85))),
    ]


def chain(*changes: Change) -> Change:
    """Return the changes one after the other."""

    def change(image: Pixels, rng: np.random.Generator) -> Pixels:
        for each in changes:
            image = each(image, rng)
        return image

    return change


def encoded(kind: str, quality: int) -> Change:
    """Return the loss of JPEG (4:2:0) or WEBP at this quality."""
    return lambda image, _: compressed(image, kind, quality)


def scaled(factor: float) -> Change:
    """Return the change of both sides by ``factor``."""
    return lambda image, _: pictures.scaled(image, factor)


def stretched(aspect: float) -> Change:
    """Return the change of the width alone."""
    return lambda image, _: resized(image, image.shape[0], image.shape[1] * aspect)


def long_side(most: int) -> Change:
    """Return the reduction of a picture to a long side of at most ``most`` pixels."""

    def change(image: Pixels, _rng: np.random.Generator) -> Pixels:
        factor = min(1.0, most / max(image.shape[:2]))
        return resized(image, image.shape[0] * factor, image.shape[1] * factor)

    return change


def cropped(share: float) -> Change:
    """Return a random part with ``share`` of each side."""

    def change(image: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = (round(side * share) for side in image.shape[:2])
        top = int(rng.integers(0, image.shape[0] - height + 1))
        left = int(rng.integers(0, image.shape[1] - width + 1))
        return image[top : top + height, left : left + width]

    return change


def rotated(degrees: float) -> Change:
    """Return the rotation about the middle, by this angle or its opposite, without black corners."""

    def change(image: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = image.shape[:2]
        angle = degrees if rng.random() < 0.5 else -degrees
        sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
        kept = 1 / max(cosine + sine * max(width / height, height / width), 1)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        turned = cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC)
        top, left = (round(side * (1 - kept) / 2) for side in (height, width))
        return np.asarray(turned[top : height - top, left : width - left], np.uint8)

    return change


def screenshot(image: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the picture as a screen shows it: resampled by a crooked factor, colours shifted, JPEG 85."""
    factor = float(rng.uniform(0.75, 1.25))
    shown = resized(image, image.shape[0] * factor, image.shape[1] * factor).astype(float)
    gain, offset = rng.uniform(0.94, 1.06, 3), rng.uniform(-6, 6, 3)
    shown = 255 * (np.clip(shown * gain + offset, 0, 255) / 255) ** rng.uniform(0.92, 1.08)
    return encoded("JPEG", 85)(np.rint(shown).astype(np.uint8), rng)


def noisy(deviation: float) -> Change:
    """Return Gaussian noise, in grey levels."""

    def change(image: Pixels, rng: np.random.Generator) -> Pixels:
        return np.clip(np.rint(image + rng.normal(0, deviation, image.shape)), 0, 255).astype(np.uint8)

    return change


def sticker(share: float) -> Change:
    """Return the picture with a plain rectangle over ``share`` of its area."""

    def change(image: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = (round(side * share**0.5) for side in image.shape[:2])
        top = int(rng.integers(0, image.shape[0] - height + 1))
        left = int(rng.integers(0, image.shape[1] - width + 1))
        covered = image.copy()
        covered[top : top + height, left : left + width] = rng.integers(0, 256, 3)
        return covered

    return change


def h264(crf: int) -> Change:
    """Return the picture as a frame of a video that shows it for one second."""

    def change(image: Pixels, _rng: np.random.Generator) -> Pixels:
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        return decoded_video(encoded_video([even] * STILL_FRAMES, crf))[STILL_FRAMES // 2]

    return change
