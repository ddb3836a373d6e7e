"""Pictures for benchmarks, and what encoders and scaling do to them."""

import io
import tarfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from inference.media.decoded import Pixels

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def pictures(folder: Path) -> Iterator[Pixels]:
    """Yield the pictures of a folder and of the tar files in it, (H, W, 3) uint8."""
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".tar":
            with tarfile.open(file) as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.name.lower().endswith(SUFFIXES) else None
                    if content is not None:
                        yield _decoded(content.read())
        elif file.suffix.lower() in SUFFIXES:
            yield _decoded(file.read_bytes())


def _decoded(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), np.uint8)


def compressed(image: Pixels, kind: str, quality: int) -> Pixels:
    """Return what JPEG (4:2:0) or WEBP leaves of a picture at this quality."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, quality=quality)
    return _decoded(file.getvalue())


def scaled(image: Pixels, factor: float) -> Pixels:
    """Return the picture with both sides changed by ``factor``."""
    return resized(image, image.shape[0] * factor, image.shape[1] * factor)


def resized(image: Pixels, height: float, width: float) -> Pixels:
    """Return the picture in another size, by area if smaller and cubic interpolation if larger."""
    size = max(1, round(width)), max(1, round(height))
    smaller = size[0] * size[1] < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def encoded_video(frames: list[Pixels], crf: int, rate: int = 25) -> bytes:
    """Return an H.264 video in an MP4 file; the frames' sides are even."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(rate), options={"crf": str(crf)})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def decoded_video(data: bytes) -> list[Pixels]:
    """Return the frames of a video."""
    with av.open(io.BytesIO(data), "r") as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]
