"""Augment pictures as platforms change them, for training and evaluation.

The same generator state changes a real picture and its forgery alike, so that only the forgery differs.
``torch_forgeries.augment`` does the same in batches.
"""

import io
from collections.abc import Callable

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from training.overlays import add_overlay

Image = NDArray[np.uint8]

LIGHT_CHANCE, SHRINK_CHANCE, BLUR_CHANCE, SHARPEN_CHANCE, NOISE_CHANCE = 0.5, 0.25, 0.15, 0.2, 0.15
OVERLAY_CHANCE = 0.2  # times the strength: a sticker may hide the traces of forgery
JPEG_CHANCE, WEBP_CHANCE, H264_CHANCE = 0.48, 0.05, 0.16  # the rest is not compressed
RECOMPRESSED_CHANCE = 0.25  # times the strength: shared more than once
MILDEST_CRF = 17  # visually lossless

GEOMETRY_SHARE = 0.3  # of the pictures that are warped; interpolation softens traces of forgery
LARGEST_TURN = 8.0  # degrees
LARGEST_SHEAR = 0.06
LARGEST_SHIFT = 0.04  # by the picture's edge


def _decode(encoded: NDArray[np.uint8]) -> Image:
    pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert pixels is not None, "OpenCV cannot read what it has just written"
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def jpeg(image: Image, quality: int) -> Image:
    """Return the picture after JPEG at a quality of 1-100."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return _decode(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def webp(image: Image, quality: int) -> Image:
    """Return the picture after lossy WebP at a quality of 1-100."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return _decode(cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])[1])


def h264(image: Image, crf: int) -> Image:
    """Return the picture as a key frame of H.264 at a constant rate factor (0-51, 23 is usual).

    Odd edges lose their last row or column, since 4:2:0 video has none.
    """
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    buffer = io.BytesIO()
    options = {"crf": str(crf), "preset": "veryfast", "tune": "zerolatency", "threads": "1"}
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer, "r") as coded:
        return next(coded.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8, copy=False)


CODECS: dict[str, Callable[[Image, int], Image]] = {"jpeg": jpeg, "webp": webp, "h264": h264}


def shrink(image: Image, factor: float) -> Image:
    """Return the picture downscaled by ``factor`` and upscaled to its old size, like a small upload."""
    height, width = image.shape[:2]
    size = (max(round(width / factor), 8), max(round(height / factor), 8))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def blur(image: Image, sigma: float) -> Image:
    """Return the picture blurred by a Gaussian of ``sigma`` pixels."""
    return cv2.GaussianBlur(image, (0, 0), sigma).astype(np.uint8, copy=False)


def sharpen(image: Image, amount: float) -> Image:
    """Return the picture sharpened by an unsharp mask, as cameras do."""
    return cv2.addWeighted(image, 1 + amount, blur(image, 1.0), -amount, 0).astype(np.uint8, copy=False)


def noise(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Return the picture with Gaussian noise of ``sigma`` grey levels."""
    noisy = image + rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def light(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture with small random changes of channel gain, brightness and gamma."""
    gains = rng.uniform(0.85, 1.15) * rng.uniform(0.95, 1.05, 3)
    levels = (np.arange(256, dtype=np.float64) / 255) ** rng.uniform(0.8, 1.25)
    table = np.clip(levels[:, None] * gains * 255 + rng.uniform(-10, 10), 0, 255).astype(np.uint8)
    return cv2.LUT(image, table.reshape(256, 1, 3)).astype(np.uint8, copy=False)


def worst_quality(strength: float) -> int:
    """Return the lowest quality of JPEG and WebP at an augmentation strength: 85 at 0, 30 at 1."""
    return round(85 - 55 * strength)


def worst_crf(strength: float) -> int:
    """Return the highest constant rate factor of H.264 at an augmentation strength: 30 at 0, 45 at 1."""
    return round(30 + 15 * strength)


def geometry(image: Image, rng: np.random.Generator) -> Image:
    """Return the picture, or a mask (H, W), randomly flipped; a share is also rotated, sheared and shifted.

    The picture is mirrored at its edges. Generators of the same seed apply the same geometry to a picture,
    its forgery and its mask.
    """
    flipped, warped = rng.random() < 0.5, rng.random() < GEOMETRY_SHARE
    if flipped:
        image = np.ascontiguousarray(image[:, ::-1])
    if not warped:
        return image
    height, width = image.shape[:2]
    angle = np.deg2rad(rng.uniform(-LARGEST_TURN, LARGEST_TURN))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.array([[1, rng.uniform(-LARGEST_SHEAR, LARGEST_SHEAR)], [0, 1]])
    size = np.array([width, height])
    middle = (size - 1) / 2
    shift = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 2) * size
    matrix = np.column_stack([linear, middle + shift - linear @ middle])
    result = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return result.astype(np.uint8, copy=False)


def augment(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Return the picture after random changes of light, sharpness, overlays and compression.

    ``strength`` is 0 (nearly unchanged) to 1 (careless platforms). Strong compression hides the traces of
    forgery, so training starts with a low strength.
    """
    steps: list[tuple[float, Callable[[Image], Image]]] = [
        (LIGHT_CHANCE, lambda x: light(x, rng)),
        (SHRINK_CHANCE, lambda x: shrink(x, float(rng.uniform(1.0, 1.2 + 1.3 * strength)))),
        (BLUR_CHANCE, lambda x: blur(x, float(rng.uniform(0.3, 0.5 + 0.7 * strength)))),
        (SHARPEN_CHANCE, lambda x: sharpen(x, float(rng.uniform(0.2, 1.0)))),
        (NOISE_CHANCE, lambda x: noise(x, float(rng.uniform(1, 3 + 7 * strength)), rng)),
        (OVERLAY_CHANCE * strength, lambda x: add_overlay(x, rng)),
    ]
    for chance, step in steps:
        if rng.random() < chance:
            image = step(image)
    return _compress(image, strength, rng)


def _compress(image: Image, strength: float, rng: np.random.Generator) -> Image:
    codec, lowest = rng.random(), worst_quality(strength)
    if codec < JPEG_CHANCE:
        image = jpeg(image, int(rng.integers(lowest, 100)))
    elif codec < JPEG_CHANCE + WEBP_CHANCE:
        image = webp(image, int(rng.integers(lowest, 100)))
    elif codec < JPEG_CHANCE + WEBP_CHANCE + H264_CHANCE:
        image = h264(image, int(rng.integers(MILDEST_CRF, worst_crf(strength), endpoint=True)))
    if rng.random() < RECOMPRESSED_CHANCE * strength:
        image = jpeg(image, int(rng.integers(lowest, 100)))
    return image
