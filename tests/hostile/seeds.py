"""Valid files of every supported format, from which hostile ones are made. All pictures are drawn here."""

import io
from functools import cache

import av
import numpy as np
import pillow_heif
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

SIDE = 96

pillow_heif.register_heif_opener()


def drawing(width: int = SIDE, height: int = SIDE, phase: float = 0.0) -> Image.Image:
    """Return a colourful picture with edges, so that damage anywhere changes it."""
    x, y = np.arange(width), np.arange(height)
    diagonals = np.arange(width + height - 1)
    pixels = np.empty((height, width, 3), np.uint8)  # each wave needs its values once, not for every pixel
    pixels[..., 0] = _levels(np.sin(x / 5 + phase))
    pixels[..., 1] = _levels(np.cos(y / 7 - phase))[:, None]
    pixels[..., 2] = sliding_window_view(_levels(np.sin(diagonals / 3 + 2 * phase)), width)
    return Image.fromarray(pixels)


def _levels(wave: NDArray[np.float64]) -> NDArray[np.uint8]:
    return (127 + 120 * wave).astype(np.uint8)


def saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    """Return ``picture`` as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def animated(file_format: str, frames: int = 12) -> bytes:
    """Return an animation of ``frames`` frames."""
    first, *rest = [drawing(64, 64, index / 4) for index in range(frames)]
    return saved(first, file_format, save_all=True, append_images=rest, duration=50)


def pixel_format(codec: str) -> str:
    """Return the format of the frames that the encoder takes."""
    return "yuvj420p" if codec == "mjpeg" else "yuv420p"


def encoded(
    container: str,
    codec: str,
    *,
    sizes: tuple[tuple[int, int], ...] = ((96, 64),) * 25,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a video with one frame for each of ``sizes``; the encoder starts again when the size changes.

    ``options`` are those of the encoder.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *sizes[0], pixel_format(codec)
        for index, (width, height) in enumerate(sizes):
            frame = av.VideoFrame.from_image(drawing(width, height, index / 10))
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return buffer.getvalue()


@cache
def seeds() -> dict[str, bytes]:
    """Return a file for each kind, by name."""
    picture = drawing()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x9286] = 6, "a description", b"ASCII\x00\x00\x00a comment"
    stills = {
        "jpeg-baseline": saved(picture, "JPEG", quality=90),
        "jpeg-progressive": saved(picture, "JPEG", progressive=True),
        "jpeg-exif": saved(picture, "JPEG", exif=exif),
        "jpeg-cmyk": saved(picture.convert("CMYK"), "JPEG"),
        "jpeg-grey": saved(picture.convert("L"), "JPEG"),
        "mpo": saved(picture, "MPO", save_all=True, append_images=[drawing(phase=1.0)]),
        "png-rgb": saved(picture, "PNG"),
        "png-exif": saved(picture, "PNG", exif=exif),
        "png-palette": saved(picture.quantize(16), "PNG", transparency=0),
        "png-16": saved(Image.fromarray(np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)), "PNG"),
        "apng": animated("PNG"),
        "gif": saved(picture.quantize(64), "GIF"),
        "gif-animated": animated("GIF"),
        "tiff-strips": saved(picture, "TIFF"),
        "tiff-lzw": saved(picture, "TIFF", compression="tiff_lzw"),
        "tiff-jpeg": saved(picture, "TIFF", compression="jpeg"),
        "bmp": saved(picture, "BMP"),
        "bmp-palette": saved(picture.quantize(16), "BMP"),
        "webp": saved(picture, "WEBP", exif=exif),
        "webp-lossless": saved(picture, "WEBP", lossless=True),
        "webp-animated": animated("WEBP"),
        "avif": saved(picture, "AVIF"),
        "avif-sequence": animated("AVIF", 4),
        "heic": saved(picture, "HEIF", exif=exif),
    }
    videos = {
        "mp4-h264": encoded("mp4", "libx264"),
        "mp4-hevc": encoded("mp4", "libx265"),
        "mp4-mpeg4": encoded("mp4", "mpeg4"),
        "mov-h264": encoded("mov", "libx264"),
        "mov-mjpeg": encoded("mov", "mjpeg"),
        "webm-vp8": encoded("webm", "libvpx"),
        "webm-vp9": encoded("webm", "libvpx-vp9"),
        "mkv-h264": encoded("matroska", "libx264"),
    }
    return stills | videos
