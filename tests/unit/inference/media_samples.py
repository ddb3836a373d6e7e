"""Media items made by the tests, most of them from the public-domain portrait in scikit-image."""

import io
import struct
import zlib
from functools import cache

import av
import numpy as np
from PIL import Image
from skimage import data


@cache
def portrait(width: int = 512, height: int = 512) -> Image.Image:
    return Image.fromarray(data.astronaut()).resize((width, height))


def encoded(picture: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


@cache
def still(file_format: str) -> bytes:
    return encoded(portrait(), file_format)


@cache
def animation(file_format: str, frames: int = 40) -> bytes:
    first, *rest = [portrait(64, 64).rotate(3 * index) for index in range(frames)]
    return encoded(first, file_format, save_all=True, append_images=rest, duration=50)


@cache
def video(container: str, codec: str, frames: int = 50, rotation: int = 0) -> bytes:
    """Return a video of 160 x 96 at 25 frames a second: the left half is dark, the right gets brighter."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        for index in range(frames):
            picture = np.zeros((96, 160, 3), np.uint8)
            picture[:, 80:] = 55 + 200 * index // frames
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                output.mux(packet)
        for packet in stream.encode():
            output.mux(packet)
    return buffer.getvalue()


def png_with_stated_size(width: int, height: int) -> bytes:
    """Return a PNG of about 80 bytes with any size in its header."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
