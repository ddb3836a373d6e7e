"""Change the colour, brightness and sharpness of pasted faces."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

RESIZERS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_NEAREST)
RESIZER_SHARES = (0.4, 0.3, 0.2, 0.1)


def _to_uint8(pixels: NDArray[np.float32]) -> Image:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def change_tone(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture with a small random change of colour, brightness or contrast."""
    changed = image.astype(np.float32)
    kind = rng.integers(3)
    if kind == 0:
        changed = changed + rng.uniform(-20, 20, 3).astype(np.float32)
    elif kind == 1:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(-8, 8)) % 180  # OpenCV's hue is in steps of two degrees
        hsv[..., 1:] *= rng.uniform(0.75, 1.25, 2).astype(np.float32)
        changed = cv2.cvtColor(_to_uint8(hsv), cv2.COLOR_HSV2RGB).astype(np.float32)
    if kind == 2 or rng.random() < 0.5:
        contrast, brightness = rng.uniform(0.88, 1.12), rng.uniform(-20, 20)
        changed = (changed - changed.mean()) * np.float32(contrast) + changed.mean() + np.float32(brightness)
    return _to_uint8(changed.astype(np.float32))


def resample(image: Image, factor: float, rng: np.random.Generator) -> Image:
    """Return the picture downscaled by ``factor`` and upscaled again, as by a low-resolution generator."""
    height, width = image.shape[:2]
    size = (max(int(width / factor), 8), max(int(height / factor), 8))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    interpolation = RESIZERS[int(rng.choice(len(RESIZERS), p=RESIZER_SHARES))]
    return cv2.resize(small, (width, height), interpolation=interpolation).astype(np.uint8, copy=False)


def sharpen(image: Image, amount: float) -> Image:
    """Return the picture after an unsharp mask of the given amount (0 changes nothing)."""
    soft = cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.float32)
    pixels = image.astype(np.float32)
    return _to_uint8(pixels + np.float32(amount) * (pixels - soft))


def degrade(image: Image, scale: float, rng: np.random.Generator) -> Image:
    """Return the picture with a random change of sharpness, or none.

    ``scale`` is the size of the face relative to the 112 px template.
    """
    kind = rng.integers(5)
    if kind <= 1:
        return resample(image, float(rng.uniform(1.3, 4.0)), rng)
    if kind == 2:
        return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4)) * scale).astype(np.uint8)
    if kind == 3:
        return sharpen(image, float(rng.uniform(0.5, 2.0)))
    return image


def match_colour(image: Image, reference: Image, mask: NDArray[np.float32], strength: float) -> Image:
    """Return ``image`` with mean and deviation of its Lab channels under the mask matched to ``reference``.

    Reinhard et al., "Color transfer between images", 2001. ``strength`` in [0, 1]; 1 matches fully.
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
