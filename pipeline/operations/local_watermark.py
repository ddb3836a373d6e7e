"""Marks local pictures, and looks for marks in local files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from inference.errors import Unprocessable
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool
from inference.watermark.detection import Detection, detect
from inference.watermark.embedding import SMALLEST, embed
from inference.watermark.pattern import KEY_BYTES
from pipeline.errors import PipelineError
from pipeline.operations.local_files import files_below, read_file
from pipeline.settings import WatermarkSettings

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
QUALITY = 95  # of JPEG and WebP: the mark survives less, but others will encode the picture again
_LIMITS = MediaLimits()


class WatermarkError(PipelineError):
    """A picture cannot be marked, or there is no key; the message says what to do."""


def watermark_key(settings: WatermarkSettings) -> bytes:
    """Return the key of the settings; raise :class:`WatermarkError`."""
    text = settings.key.get_secret_value() if settings.key is not None else ""
    if not text:
        raise WatermarkError(
            "there is no key: set FAKEME_WATERMARK__KEY to what `fakeme watermark key` prints"
        )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WatermarkError(
            f"FAKEME_WATERMARK__KEY has {len(text)} characters: a key has {2 * KEY_BYTES} hex digits, as"
            " `fakeme watermark key` prints them"
        )
    return key


def mark_file(source: Path, target: Path, payload: int, key: bytes, psnr: float | None) -> None:
    """Write a marked copy of a picture, upright and without its metadata; raise :class:`WatermarkError`."""
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise WatermarkError(f"{target} has no name of a picture: end it in one of {', '.join(FORMATS)}")
    try:
        with Image.open(source) as opened:
            image = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), np.uint8)
        if min(image.shape[:2]) < SMALLEST:
            raise WatermarkError(
                f"{source} has {image.shape[1]} x {image.shape[0]} pixels: a mark needs {SMALLEST} each way"
            )
        Image.fromarray(embed(image, payload, key, psnr)).save(target, kind, quality=QUALITY)
    except UnidentifiedImageError as error:
        raise WatermarkError(f"{source} is not a picture that can be read") from error
    except OSError as error:
        raise WatermarkError(f"cannot mark {source}: {error}") from error


def read_files(
    paths: Iterable[Path], key: bytes, *, search: bool
) -> Iterator[tuple[Path, Detection | None, str]]:
    """Yield each file with the mark in its middle frame, or None and why it could not be looked for."""
    pool = DecoderPool(1)
    try:
        for file in files_below(paths):
            try:
                frames = pool.decode(read_file(file, _LIMITS), None, _LIMITS).frames
                yield file, detect(frames[len(frames) // 2].image, key, search=search), ""
            except Unprocessable as error:
                yield file, None, error.detail
            except OSError as error:
                yield file, None, f"cannot read it: {error.strerror or error}"
    finally:
        pool.close()
