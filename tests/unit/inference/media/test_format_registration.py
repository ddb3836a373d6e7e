"""A media format from outside the package is added by `register_format` alone."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.errors import DuplicateFormatError, Unprocessable
from inference.media import MediaKind, decode
from inference.media.decoded import DecodedFrames, Frame
from inference.media.formats import MediaFormat, formats, register_format, unregister_format
from inference.media.formats.format import starts_with
from inference.media.limits import MediaLimits
from inference.media.sniff import identify, sniff
from schemas.verdicts import UnprocessableReason

# The made-up format FKM1: a signature, width and height as 32-bit integers, then RGB bytes.
HEADER = struct.Struct(">4sII")
RED_AND_BLUE = bytes([255, 0, 0, 0, 0, 255])
SAMPLE = HEADER.pack(b"FKM1", 2, 1) + RED_AND_BLUE


def fkm1_fault(data: bytes) -> str | None:
    _, width, height = HEADER.unpack_from(data)
    missing = HEADER.size + 3 * width * height - len(data)
    return f"{missing} bytes of pixels are missing" if missing > 0 else None


def decode_fkm1(data: bytes, limits: MediaLimits) -> DecodedFrames:
    _, width, height = HEADER.unpack_from(data)
    limits.check_pixels(width, height)
    image = np.frombuffer(data, np.uint8, 3 * width * height, HEADER.size).reshape(height, width, 3)
    return DecodedFrames(width, height, (Frame(image),))


FKM1 = MediaFormat(
    name="FKM1",
    media_type="image/x-fkm1",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"FKM1"),
    decode=decode_fkm1,
    fault=fkm1_fault,
    aliases=frozenset({"image/x-fakeme"}),
    interchangeable_with=frozenset({"image/png"}),
)


@pytest.fixture
def fkm1() -> Iterator[MediaFormat]:
    register_format(FKM1)
    yield FKM1
    unregister_format(FKM1.media_type)


def format_like_fkm1(media_type: str, aliases: frozenset[str] = frozenset(), **fields: Any) -> MediaFormat:
    return replace(FKM1, media_type=media_type, aliases=aliases, **fields)


@pytest.mark.parametrize(
    "declared_type", [None, "image/x-fkm1", "IMAGE/X-FKM1; version=1", "image/x-fakeme", "image/png"]
)
def test_a_registered_format_is_identified(fkm1: MediaFormat, declared_type: str | None) -> None:
    assert sniff(SAMPLE) == "image/x-fkm1"
    assert identify(SAMPLE, declared_type) is fkm1


@pytest.mark.usefixtures("fkm1")
def test_a_registered_format_is_decoded() -> None:
    media = decode(SAMPLE)

    assert (media.kind, media.media_type) == (MediaKind.IMAGE, "image/x-fkm1")
    assert (media.width, media.height, media.seconds) == (2, 1, None)
    assert media.frames[0].image.tobytes() == RED_AND_BLUE


@pytest.mark.usefixtures("fkm1")
@pytest.mark.parametrize(
    ("data", "declared_type", "message"),
    [
        pytest.param(SAMPLE[:-2], None, "truncated: 2 bytes of pixels are missing", id="incomplete"),
        pytest.param(
            SAMPLE,
            "image/jpeg",
            "type_mismatch: declared as image/jpeg, but it is image/x-fkm1",
            id="as JPEG",
        ),
        pytest.param(
            b"only text",
            "image/x-fakeme",
            "type_mismatch: declared as image/x-fkm1, but it is no known media format "
            "(begins with 6f 6e 6c 79 20 74 65 78)",
            id="text declared as FKM1",
        ),
        pytest.param(
            HEADER.pack(b"FKM1", 0, 1), None, "undecodable: the header states 0x1 pixels", id="empty"
        ),
    ],
)
def test_a_registered_format_is_checked(data: bytes, declared_type: str | None, message: str) -> None:
    with pytest.raises(Unprocessable) as refusal:
        decode(data, declared_type)

    assert str(refusal.value) == message


@pytest.mark.usefixtures("fkm1")
def test_an_unsupported_file_is_answered_with_the_registered_formats() -> None:
    with pytest.raises(Unprocessable, match=r"supported formats: FKM1, JPEG, PNG, .*WebM, Matroska"):
        decode(b"only text")


def test_a_format_is_unknown_before_and_after_its_registration() -> None:
    before = formats()
    register_format(FKM1)
    unregister_format(FKM1.media_type)

    assert formats() == before
    assert sniff(SAMPLE) is None
    with pytest.raises(Unprocessable) as refusal:
        decode(SAMPLE, "image/x-fkm1")
    assert refusal.value.reason is UnprocessableReason.UNSUPPORTED_TYPE


def test_a_registered_format_is_matched_before_a_more_general_built_in_one() -> None:
    camera_raw = b"\x00\x00\x00\x18ftypcrx "
    assert sniff(camera_raw) == "video/mp4"

    register_format(format_like_fkm1("image/x-canon-cr3", matches=lambda data: data[4:12] == b"ftypcrx "))
    try:
        assert sniff(camera_raw) == "image/x-canon-cr3"
    finally:
        unregister_format("image/x-canon-cr3")


@pytest.mark.usefixtures("fkm1")
@pytest.mark.parametrize(
    ("media_format", "message"),
    [
        (FKM1, "cannot register FKM1: image/x-fakeme, image/x-fkm1 already means FKM1"),
        (format_like_fkm1("image/png"), "cannot register FKM1: image/png already means PNG"),
        (format_like_fkm1("image/jpg"), "cannot register FKM1: image/jpg already means JPEG"),
        (
            format_like_fkm1("image/x-other", aliases=frozenset({"image/x-fkm1"})),
            "cannot register FKM1: image/x-fkm1 already means FKM1",
        ),
    ],
)
def test_a_duplicate_media_type_is_refused(media_format: MediaFormat, message: str) -> None:
    before = formats()

    with pytest.raises(DuplicateFormatError, match=message):
        register_format(media_format)

    assert formats() == before


def test_a_format_that_is_not_registered_cannot_be_unregistered() -> None:
    with pytest.raises(ValueError, match="cannot unregister 'image/x-fkm1': registered are image/jpeg, "):
        unregister_format("image/x-fkm1")


def test_a_media_type_that_could_never_be_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="'image/X-FKM1': write the media type in lower case"):
        format_like_fkm1("image/X-FKM1")


def test_a_format_is_an_image_or_a_video() -> None:
    with pytest.raises(ValueError, match="kind must be IMAGE or VIDEO"):
        format_like_fkm1("image/x-moving", kind=MediaKind.ANIMATION)
