"""The orientation is found in EXIF metadata, and whatever else they hold never hides the picture."""

import io
import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from inference.media import decode
from inference.media.image import upright
from inference.media.orientation import Orientation, orientation_of
from tests.unit.inference.media_samples import encoded, portrait


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112], tags[0x010E] = orientation, "a description"
    return tags.tobytes()


def jpeg_with(exif_bytes: bytes) -> bytes:
    complete = encoded(portrait(64, 48), "JPEG")
    segment = b"Exif\x00\x00" + exif_bytes
    return complete[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + complete[2:]


@pytest.mark.parametrize("orientation", list(Orientation))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pictures_are_upright(file_format: str, orientation: Orientation) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = encoded(portrait(64, 48), file_format, exif=exif(orientation), **options)

    media = decode(data)

    with Image.open(io.BytesIO(data)) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    assert np.array_equal(media.frames[0].image, expected)
    assert (media.height, media.width) == expected.shape[:2]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"II",
        b"II*\x00",
        b"MM\x00*\xff\xff\xff\xff",
        b"XX*\x00\x08\x00\x00\x00",
        struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x0112, 2, 1, 6, 0),  # text instead of a number
        struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x0112, 3, 1, 99, 0),  # no such orientation
        struct.pack("<2sHIH", b"II", 42, 8, 65_535),
    ],
)
def test_broken_metadata_do_not_hide_the_picture(broken: bytes) -> None:
    assert orientation_of(broken) is Orientation.UPRIGHT
    assert decode(jpeg_with(broken)).width == 64


@given(st.binary(max_size=200))
def test_no_metadata_raise(data: bytes) -> None:
    assert orientation_of(data) in Orientation


def test_mutated_metadata_do_not_hide_the_picture() -> None:
    rng = random.Random(5)
    valid = exif(6).removeprefix(b"Exif\x00\x00")
    for _ in range(300):
        damaged = bytearray(valid)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        assert decode(jpeg_with(bytes(damaged))).frames


@given(st.sampled_from(list(Orientation)))
def test_turning_keeps_every_pixel(orientation: Orientation) -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)

    turned = upright(image, orientation)

    assert sorted(turned.reshape(-1, 3).tolist()) == image.reshape(-1, 3).tolist()
    assert turned.shape[:2] == ((3, 2) if orientation.swaps_sides else (2, 3))
