"""Marks local pictures, and looks for marks in local files."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia, Pixels
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool
from inference.watermark.detection import detect_in_frames
from inference.watermark.embedding import SMALLEST, embed
from inference.watermark.text_template import detect_text, embed_text, recover_text
from pipeline.errors import PipelineError
from pipeline.operations.local_files import files_below, read_file
from pipeline.settings import WatermarkSettings
from schemas.watermarks import payload_text

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
LOSSLESS = {suffix: kind for suffix, kind in FORMATS.items() if kind in {"PNG", "TIFF"}}
QUALITY = 95  # of JPEG and WebP: the mark survives less, but others will encode the picture again
_LIMITS = MediaLimits()

Facts = dict[str, Any]  # present, payload, confidence and false_positive_bound, as printed
Reader = Callable[[Path, DecodedMedia], Facts]


class WatermarkError(PipelineError):
    """A picture cannot be marked, or there is no key; the message says what to do."""


def watermark_key(settings: WatermarkSettings) -> bytes:
    """Return the key of the settings; raise :class:`WatermarkError` if there is none."""
    if settings.key_bytes is None:
        raise WatermarkError(
            "there is no key: set FAKEME_WATERMARK__KEY to what `fakeme watermark key` prints"
        )
    return settings.key_bytes


def mark_file(source: Path, target: Path, payload: int, key: bytes, psnr: float | None) -> None:
    """Write a marked copy of a picture, upright and without its metadata; raise :class:`WatermarkError`."""

    def mark(image: Pixels) -> Pixels:
        if min(image.shape[:2]) < SMALLEST:
            raise WatermarkError(
                f"{source} has {image.shape[1]} x {image.shape[0]} pixels: a mark needs {SMALLEST} each way"
            )
        return embed(image, payload, key, psnr)

    _rewrite(source, target, FORMATS, mark)


def mark_file_with_text(source: Path, target: Path, text: str) -> None:
    """Write a copy with the predecessor's mark; raise :class:`WatermarkError`."""

    def mark(image: Pixels) -> Pixels:
        try:
            return embed_text(image, text)
        except ValueError as error:
            raise WatermarkError(f"cannot mark {source}: {error}") from error

    _rewrite(source, target, LOSSLESS, mark)


def _rewrite(source: Path, target: Path, formats: dict[str, str], change: Callable[[Pixels], Pixels]) -> None:
    kind = formats.get(target.suffix.lower())
    if kind is None:
        raise WatermarkError(
            f"cannot write the mark to {target}: end its name in one of {', '.join(formats)}"
        )
    try:
        with Image.open(source) as opened:
            image = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), np.uint8)
        Image.fromarray(change(image)).save(target, kind, quality=QUALITY)
    except UnidentifiedImageError as error:
        raise WatermarkError(f"{source} is not a picture that can be read") from error
    except OSError as error:
        raise WatermarkError(f"cannot mark {source}: {error}") from error


def mark_reader(key: bytes, *, search: bool) -> Reader:
    """Return a reader of our mark; ``search``: also in media that were scaled, rotated or cut."""

    def read(_file: Path, media: DecodedMedia) -> Facts:
        found = detect_in_frames(media.frames, key, size=(media.height, media.width), search=search)
        return {
            "present": found.present,
            "payload": None if found.payload is None else payload_text(found.payload),
            "confidence": round(found.confidence, 3),
            "false_positive_bound": found.false_positive_bound,
        }

    return read


def text_reader(folder: Path | None) -> Reader:
    """Return a reader of the predecessor's mark, which writes the hidden texts to ``folder``.

    It raises :class:`WatermarkError` if it cannot.
    """

    def read(file: Path, media: DecodedMedia) -> Facts:
        image = media.frames[len(media.frames) // 2].image
        found = detect_text(image)
        if found.present and folder is not None:
            _save_hidden_text(file, image, folder)
        return {
            "present": found.present,
            "payload": None,
            "confidence": round(found.confidence, 3),
            "false_positive_bound": None,
        }

    return read


def read_files(paths: Iterable[Path], reader: Reader) -> Iterator[tuple[Path, Facts | None, str]]:
    """Yield each file with what the reader says of it, or None and why it could not be read."""
    pool = DecoderPool(1)
    try:
        for file in files_below(paths):
            try:
                yield file, reader(file, pool.decode(read_file(file, _LIMITS), None, _LIMITS)), ""
            except Unprocessable as error:
                yield file, None, error.detail
            except OSError as error:
                yield file, None, f"cannot read it: {error.strerror or error}"
    finally:
        pool.close()


def _save_hidden_text(file: Path, image: Pixels, folder: Path) -> None:
    target = folder / f"{file.name}.text.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(recover_text(image)).save(target)
    except OSError as error:
        raise WatermarkError(f"cannot write {target}: {error.strerror or error}") from error
