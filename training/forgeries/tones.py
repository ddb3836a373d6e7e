"""How a pasted face differs from the picture around it: colour, brightness and sharpness."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

RESIZERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_NEAREST)
RESIZER_SHARES = (0.4, 0.3, 0.2, 0.1)


def _to_uint8(pixels: NDArray[np.float32]) -> Image:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def change_tone(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture with its colours or its brightness and contrast moved by a drawn, small amount."""
    changed = image.astype(np.float32)
    way = rng.integers(3)
    if way == 0:
        changed = changed + rng.uniform(-20, 20, 3).astype(np.float32)
    elif way == 1:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(-8, 8)) % 180  # OpenCV's hue is in steps of two degrees
        hsv[..., 1:] *= rng.uniform(0.75, 1.25, 2).astype(np.float32)
        changed = cv2.cvtColor(_to_uint8(hsv), cv2.COLOR_HSV2RGB).astype(np.float32)
    if way == 2 or rng.random() < 0.5:
        contrast, brightness = rng.uniform(0.88, 1.12), rng.uniform(-20, 20)
        changed = (changed - changed.mean()) * np.float32(contrast) + changed.mean() + np.float32(brightness)
    return _to_uint8(changed.astype(np.float32))


def resample(image: Image, factor: float, rng: np.random.Generator) -> Image:
    """Return the picture shrunk by ``factor`` and enlarged again, as low-resolution generators do."""
    height, width = image.shape[:2]
    size = (max(int(width / factor), 8), max(int(height / factor), 8))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    way = RESIZERS[int(rng.choice(len(RESIZERS), p=RESIZER_SHARES))]
    return cv2.resize(small, (width, height), interpolation=way).astype(np.uint8, copy=False)


def sharpen(image: Image, amount: float) -> Image:
    """Return the picture after an unsharp mask of the given amount (0: none)."""
    soft = cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.float32)
    pixels = image.astype(np.float32)
    return _to_uint8(pixels + np.float32(amount) * (pixels - soft))


def degrade(image: Image, scale: float, rng: np.random.Generator) -> Image:
    """Return the picture with its sharpness changed; ``scale`` is the face's size by the 112 px template."""
    way = rng.integers(5)
    if way <= 1:
        return resample(image, float(rng.uniform(1.3, 4.0)), rng)
    if way == 2:
        return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4)) * scale).astype(np.uint8)
    if way == 3:
        return sharpen(image, float(rng.uniform(0.5, 2.0)))
    return image


def match_colour(image: Image, reference: Image, mask: NDArray[np.float32], strength: float) -> Image:
    """Return ``image`` with mean and spread of its Lab channels under the mask moved to ``reference``'s.

    Reinhard et al., "Color transfer between images", 2001; ``strength`` 1 moves all the way.
    """
    inside = mask > 0.5
    if not inside.any():
        return image
    own = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    other = cv2.cvtColor(reference, cv2.COLOR_RGB2LAB).astype(np.float32)
    gain = np.clip(other[inside].std(axis=0) / (own[inside].std(axis=0) + 1e-3), 0.5, 2.0)
    moved = (own - own[inside].mean(axis=0)) * gain + other[inside].mean(axis=0)
    mixed = own * (1 - strength) + moved * strength
    return cv2.cvtColor(_to_uint8(mixed), cv2.COLOR_LAB2RGB).astype(np.uint8, copy=False)
