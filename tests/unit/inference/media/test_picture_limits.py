"""Pictures of a few bytes that ask for minutes or gigabytes are refused with the number and the limit."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inference.errors import Unprocessable
from inference.media import MediaLimits, decode
from tests.unit.inference.media_samples import animation, encoded, portrait

ONE_PIXEL = encoded(Image.new("RGB", (1, 1)), "PNG")


def gif(canvas: int, *blocks: bytes) -> bytes:
    header = b"GIF89a" + struct.pack("<HHBBB", canvas, canvas, 0x80, 0, 0) + bytes(6)
    return header + b"".join(blocks) + b";"


def gif_frame(side: int) -> bytes:
    control = b"\x21\xf9\x04\x00\x01\x00\x00\x00"
    return control + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x44\x01\x00"


def tiff_of_strips(count: int) -> bytes:
    """Return a picture of one pixel that states ``count`` strips."""
    entries = (
        (256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, count, 200), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, count, 200 + 4 * count),
    )  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = (b"II*\x00\x08\x00\x00\x00" + directory).ljust(200, b"\0")
    return head + np.full(count, 100, "<u4").tobytes() + np.full(count, 1, "<u4").tobytes()


def run_length_bmp(size: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, 8, 1, 0, 0, 0, 256, 0)
    return (b"BM" + struct.pack("<IHHI", size, 0, 0, 1078) + header + bytes(1024)).ljust(size, b"\0")


def webp_of_chunks(count: int) -> bytes:
    data = encoded(portrait(8, 8), "WEBP") + b"junk\0\0\0\0" * count
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


BOMBS = {
    "GIF frame beyond its canvas": (
        gif(1, gif_frame(1), gif_frame(65_535)),
        "too_many_pixels: .*65535x65535",
    ),
    "GIF that grows": (gif(1, gif_frame(1), gif_frame(7_000)), "too_many_pixels: .*7000x7000"),
    "GIF of a large canvas": (gif(7_000, gif_frame(1), gif_frame(1)), "too_many_pixels: .*limit is 16800000"),
    "GIF of 500,000 frames": (gif(1, gif_frame(1) * 500_000), "too_long: .*more than 1000000 blocks"),
    "GIF of 1,100,000 comments": (
        gif(1, b"\x21\xfe\x01a\0" * 600_000, gif_frame(1)),
        "too_long: .*more than 1000000 blocks",
    ),
    "PNG of 200,000 chunks": (
        ONE_PIXEL[:33] + (struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT")) * 200_000) + ONE_PIXEL[33:],
        "undecodable: .*more than 100000 chunks",
    ),
    "TIFF of 200,000 strips": (tiff_of_strips(200_000), "undecodable: .*200000 values of tag 273"),
    "BMP of 21 MB of runs": (run_length_bmp(21_000_000), "too_large: .*limit with run-length encoding"),
    "WebP of 200,000 chunks": (webp_of_chunks(200_000), "undecodable: .*more than 100000 chunks"),
}


@pytest.mark.parametrize(("data", "answer"), BOMBS.values(), ids=BOMBS.keys())
def test_what_would_take_too_long_is_refused_by_its_header(data: bytes, answer: str) -> None:
    with pytest.raises(Unprocessable, match=answer):
        decode(data)


def test_of_an_animation_with_too_many_frames_the_first_are_decoded() -> None:
    media = decode(animation("GIF"), limits=MediaLimits(max_animation_frames=10))

    assert (len(media.frames), media.decoded_share) == (10, 0.25)
    assert media.fault == "10 of 40 frames are decoded, the limit for their size"


def test_metadata_of_a_tiff_file_are_not_read_if_they_are_large() -> None:
    buffer = io.BytesIO()
    portrait(60, 40).save(buffer, "TIFF", tiffinfo={700: bytes(20_000_000)})

    assert decode(buffer.getvalue()).fault == ""
