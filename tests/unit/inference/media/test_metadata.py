"""Metadata that cannot be read are ignored: viewers show the pixels, so the pixels are judged."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inference.media import decode
from tests.unit.inference.media_samples import encoded, portrait

PICTURE = portrait(60, 40)
ROTATED = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" + bytes(6)
MISTYPED = ROTATED.replace(b"\x01\x12\x00\x03", b"\x01\x12\x00\x02")


def png_with(kind: bytes, body: bytes, *, checksum: int | None = None, at: int = 33) -> bytes:
    """Return the picture with a chunk at byte ``at``: after the header, or before the end (-12)."""
    data = encoded(PICTURE, "PNG")
    stated = zlib.crc32(kind + body) if checksum is None else checksum
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", stated)
    return data[:at] + chunk + data[at:]


def jpeg_with(marker: int, body: bytes, picture: Image.Image = PICTURE) -> bytes:
    data = encoded(picture, "JPEG")
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]


def tiff_with(tag: int, kind: int, count: int, value: int) -> bytes:
    """Return the picture as an uncompressed TIFF with one more tag, of ``kind`` as in TIFF 6.0."""
    pixels = np.asarray(PICTURE.convert("L")).tobytes()
    entries = sorted(
        {
            256: (3, 1, 60), 257: (3, 1, 40), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1),
            273: (4, 1, 400), 277: (3, 1, 1), 278: (3, 1, 40), 279: (4, 1, 2400), tag: (kind, count, value),
        }.items()
    )  # fmt: skip
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", number, *entry) for number, entry in entries)
    return (b"II*\x00\x08\x00\x00\x00" + directory).ljust(400, b"\0") + pixels


BROKEN = {
    "PNG text with a wrong checksum": png_with(b"tEXt", b"a\0b", checksum=0),
    "PNG text of an unknown compression": png_with(b"zTXt", b"a\0\7x"),
    "PNG text of 50 MB": png_with(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000))),
    "PNG text of 50 MB at the end": png_with(
        b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(50_000_000)), at=-12
    ),
    "PNG colour profile of 50 MB": png_with(b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000))),
    "PNG colour profile without content": png_with(b"iCCP", b""),
    "PNG gamma without content": png_with(b"gAMA", b""),
    "PNG transparency without content": png_with(b"tRNS", b"\0"),
    "PNG animation without a number": png_with(b"acTL", b"\0"),
    "PNG EXIF cut off": png_with(b"eXIf", b"II*"),
    "PNG EXIF mistyped": png_with(b"eXIf", MISTYPED),
    "JPEG colour profile out of sequence": jpeg_with(0xE2, b"ICC_PROFILE\0\1\2abc"),
    "JPEG EXIF cut off": jpeg_with(0xE1, b"Exif\0\0II*\0"),
    "JPEG EXIF mistyped": jpeg_with(0xE1, b"Exif\0\0" + MISTYPED),
    "JPEG views of nothing": jpeg_with(0xE2, b"MPF\0junk"),
    "CMYK JPEG views of nothing": jpeg_with(0xE2, b"MPF\0junk", PICTURE.convert("CMYK")),
    "WebP EXIF mistyped": encoded(PICTURE, "WEBP", exif=b"Exif\0\0" + MISTYPED),
    "HEIC EXIF of noise": encoded(PICTURE, "HEIF", exif=b"Exif\0\0" + b"\xff" * 40),
    "TIFF interoperability mistyped": tiff_with(40965, 1, 1, 0x7FFFFFFF),
    "TIFF XMP mistyped": tiff_with(700, 3, 1, 8),
    "TIFF Photoshop mistyped": tiff_with(34377, 2, 1, 8),
    "TIFF IPTC mistyped": tiff_with(33723, 12, 3, 8),
    "TIFF orientation mistyped": tiff_with(274, 2, 3, 8),
    "TIFF orientation of 16 GB": tiff_with(274, 4, 0xFFFFFFFF, 8),
}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_metadata_that_cannot_be_read_are_ignored(data: bytes) -> None:
    media = decode(data)

    assert (media.width, media.height, media.decoded_share, media.fault) == (60, 40, 1.0, "")
    difference = np.abs(media.frames[0].image.mean(axis=2) - np.asarray(PICTURE.convert("L")))
    assert difference.mean() < 20  # lossy formats, and grey by another formula


@pytest.mark.parametrize(
    "data",
    [
        png_with(b"eXIf", ROTATED),
        jpeg_with(0xE1, b"Exif\0\0" + ROTATED),
        jpeg_with(0xE1, b"Exif\0\0" + ROTATED, PICTURE.convert("CMYK")),
        encoded(PICTURE, "WEBP", exif=ROTATED),
        tiff_with(274, 3, 1, 6),
    ],
    ids=["PNG", "JPEG", "CMYK JPEG", "WebP", "TIFF"],
)
def test_a_picture_is_turned_by_its_orientation(data: bytes) -> None:
    media = decode(data)

    assert (media.width, media.height, media.frames[0].image.shape) == (40, 60, (60, 40, 3))


def test_transparency_is_kept_while_other_chunks_are_dropped() -> None:
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    buffer = io.BytesIO()
    clear.save(buffer, "PNG")

    assert (decode(buffer.getvalue()).frames[0].image == 255).all()
