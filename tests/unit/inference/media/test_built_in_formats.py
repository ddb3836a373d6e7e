"""Every built-in format is recognised, complete and decoded, and is described without contradictions."""

from collections import Counter

import pytest

from inference.media import decode
from inference.media.decoded import MediaKind
from inference.media.formats import BUILT_IN_FORMATS, MediaFormat, formats
from inference.media.sniff import HEAD_BYTES, identify, sniff
from tests.unit.inference.media_samples import still, video

SAMPLES = {
    "image/jpeg": still("JPEG"),
    "image/png": still("PNG"),
    "image/gif": still("GIF"),
    "image/tiff": still("TIFF"),
    "image/bmp": still("BMP"),
    "image/webp": still("WEBP"),
    "image/avif": still("AVIF"),
    "image/heic": still("HEIF"),
    "video/quicktime": video("mov", "libx264"),
    "video/mp4": video("mp4", "libx264"),
    "video/webm": video("webm", "libvpx"),
    "video/x-matroska": video("matroska", "libx264"),
}
BY_TYPE = {media_format.media_type: media_format for media_format in BUILT_IN_FORMATS}
each_format = pytest.mark.parametrize("media_format", BUILT_IN_FORMATS, ids=list(BY_TYPE))


def test_each_built_in_format_has_a_sample() -> None:
    assert set(SAMPLES) == set(BY_TYPE)


def test_the_built_in_formats_are_registered() -> None:
    assert formats() == BUILT_IN_FORMATS


def test_media_types_aliases_and_names_are_unique() -> None:
    declarable = Counter(name for known in BUILT_IN_FORMATS for name in known.declarable_types)
    assert set(declarable.values()) == {1}
    assert len({known.name for known in BUILT_IN_FORMATS}) == len(BUILT_IN_FORMATS)


@each_format
def test_a_format_is_recognised_by_its_first_bytes(media_format: MediaFormat) -> None:
    assert sniff(SAMPLES[media_format.media_type][:HEAD_BYTES]) == media_format.media_type


@each_format
def test_a_format_accepts_each_of_its_declarable_types(media_format: MediaFormat) -> None:
    sample = SAMPLES[media_format.media_type]
    for declared in media_format.declarable_types | media_format.interchangeable_with:
        assert identify(sample, declared) is media_format


@each_format
def test_formats_are_interchangeable_in_both_directions(media_format: MediaFormat) -> None:
    for other in media_format.interchangeable_with:
        assert media_format.media_type in BY_TYPE[other].interchangeable_with


@each_format
def test_a_complete_file_has_no_fault(media_format: MediaFormat) -> None:
    assert media_format.fault(SAMPLES[media_format.media_type]) is None


@each_format
def test_the_kind_is_that_of_the_decoded_media(media_format: MediaFormat) -> None:
    media = decode(SAMPLES[media_format.media_type])
    assert media.kind is media_format.kind
    assert (media.seconds is None) == (media.kind is MediaKind.IMAGE)


@pytest.mark.parametrize(
    ("first_bytes", "media_type"),
    [
        (b"\x00\x00\x00\x18ftypavis", "image/avif"),
        (b"\x00\x00\x00\x18ftypmif1", "image/heic"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "video/quicktime"),
        (b"\x00\x00\x00\x18ftypbrnd", "video/mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x82\x84webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x9fB\x82\x88matroska", "video/x-matroska"),
        (b"GIF87a", "image/gif"),
        (b"MM\x00*", "image/tiff"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
    ],
)
def test_formats_of_a_shared_container_are_distinguished(first_bytes: bytes, media_type: str | None) -> None:
    assert sniff(first_bytes) == media_type
