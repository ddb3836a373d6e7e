"""Generates the media items of the demo from the public-domain portrait in scikit-image."""

from collections.abc import Iterator
from functools import cache
from io import BytesIO

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from skimage import data

from training.forgeries import Region, self_blend, swap_blend

Image = NDArray[np.uint8]  # H x W x 3, RGB

# Eyes, nose and mouth corners in skimage.data.astronaut(), 512 x 512, as MTCNN finds them.
_LANDMARKS = np.array([[205.0, 101.7], [246.8, 103.7], [224.7, 129.0], [201.7, 139.2], [245.3, 141.9]])
# Fixed seeds, so that the demo always shows the same forgeries: the shipped model tags the first and suspects
# the second. It misses others; its card states how many.
_SEED_RETOUCHED = 0
_SEED_SWAPPED = 13
_EXIF_SOFTWARE = 305
_FRAMES = 50
_FPS = 25


@cache
def portrait() -> Image:
    """The official NASA portrait of Eileen Collins, 1999 (public domain)."""
    return np.asarray(data.astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]


@cache
def retouched() -> Image:
    """The portrait with its face blended with an altered copy."""
    forged, _ = self_blend(portrait(), _LANDMARKS, np.random.default_rng(_SEED_RETOUCHED), Region.FACE)
    return forged


@cache
def swapped() -> Image:
    """The portrait with another face: its own mirror image, which fits no better than a stranger's."""
    width = portrait().shape[1]
    mirrored = np.ascontiguousarray(portrait()[:, ::-1])
    landmarks = (_LANDMARKS * (-1, 1) + (width - 1, 0))[[1, 0, 2, 4, 3]]
    forged, _ = swap_blend(
        portrait(),
        _LANDMARKS,
        mirrored,
        landmarks,
        np.random.default_rng(_SEED_SWAPPED),
        region=Region.FACE,
        seamless=False,
    )
    return forged


def no_face() -> Image:
    """A cup of coffee (scikit-image, CC0)."""
    return np.asarray(data.coffee(), dtype=np.uint8)  # type: ignore[no-untyped-call]


def jpeg(image: Image, quality: int = 92, *, note: str = "") -> bytes:
    """Encode ``image`` as JPEG, as a platform stores it. A ``note`` makes other bytes of the same pixels."""
    _, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    data = encoded.tobytes()
    return data[:2] + _comment(note) + data[2:] if note else data


def jpeg_with_software(image: Image, software: str, *, note: str = "") -> bytes:
    """Encode ``image`` as JPEG whose EXIF names the program that made it."""
    exif = Pillow.Exif()
    exif[_EXIF_SOFTWARE] = software
    file = BytesIO()
    Pillow.fromarray(image).save(file, "JPEG", quality=92, exif=exif, comment=note)
    return file.getvalue()


def decoded(data: bytes) -> Image:
    """Return the pixels of an image file."""
    with Pillow.open(BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"), dtype=np.uint8)


def truncated(image: Image, *, note: str = "") -> bytes:
    """Return the first half of a JPEG file."""
    complete = jpeg(image, note=note)
    return complete[: len(complete) // 2]


def video(image: Image, *, note: str = "") -> bytes:
    """Encode two seconds of H.264 in MP4, in which the camera moves slowly over ``image``."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        if note:
            container.metadata["comment"] = note
        stream = container.add_stream("libx264", rate=_FPS, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
        for frame in _camera_frames(image):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def _comment(text: str) -> bytes:
    """Return a comment segment (ISO/IEC 10918-1, B.2.4.5)."""
    content = text.encode()
    return b"\xff\xfe" + (len(content) + 2).to_bytes(2, "big") + content


def _camera_frames(image: Image) -> Iterator[Image]:
    height, width = image.shape[:2]
    for number in range(_FRAMES):
        progress = number / (_FRAMES - 1)
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 2 * progress - 1, 1.1 + 0.1 * progress)
        moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
        yield np.asarray(moved, dtype=np.uint8)
