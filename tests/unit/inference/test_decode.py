"""Decoding media of each format, and the reason for each refusal."""

import hashlib

import numpy as np
import pytest

from inference.errors import Unprocessable
from inference.media import MediaKind, MediaLimits, decode
from tests.unit.inference.media_samples import (
    animation,
    encoded,
    png_with_stated_size,
    portrait,
    still,
    video,
)

STILLS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
}
VIDEOS = {
    ("mp4", "libx264"): "video/mp4",
    ("mov", "libx264"): "video/quicktime",
    ("webm", "libvpx"): "video/webm",
    ("matroska", "libx264"): "video/x-matroska",
}
CONTAINERS = [still(name) for name in STILLS] + [video(*encoding) for encoding in VIDEOS]
CONTAINER_NAMES = [*STILLS, *(container for container, _ in VIDEOS)]
ENDS_CHECKED_NAMES = [
    name for name in CONTAINER_NAMES if name != "JPEG"
]  # of which viewers show the beginning
ENDS_CHECKED = [
    complete for name, complete in zip(CONTAINER_NAMES, CONTAINERS, strict=True) if name != "JPEG"
]


def refusal_reason(data: bytes, declared: str | None = None, **limits: float) -> str:
    with pytest.raises(Unprocessable) as refused:
        decode(data, declared, MediaLimits(**limits))
    return refused.value.reason.value


@pytest.mark.parametrize(("file_format", "media_type"), STILLS.items())
def test_a_still_picture_decodes_to_one_upright_rgb_frame(file_format: str, media_type: str) -> None:
    media = decode(still(file_format), media_type)

    assert (media.kind, media.media_type, media.width, media.height) == (
        MediaKind.IMAGE,
        media_type,
        512,
        512,
    )
    assert (media.frames[0].image.shape, media.frames[0].seconds, media.seconds) == (
        (512, 512, 3),
        None,
        None,
    )
    assert media.sha256 == hashlib.sha256(still(file_format)).hexdigest()
    assert media.scale == 1.0


@pytest.mark.parametrize(("encoding", "media_type"), VIDEOS.items())
def test_a_video_decodes_to_32_frames_over_its_duration(encoding: tuple[str, str], media_type: str) -> None:
    media = decode(video(*encoding), media_type)

    times = [frame.seconds for frame in media.frames]
    assert (media.kind, media.media_type, media.width, media.height) == (MediaKind.VIDEO, media_type, 160, 96)
    assert media.seconds == pytest.approx(2.0, abs=0.05)
    assert len(times) == 32
    assert times == sorted(set(times))
    assert times[0] < 0.1
    assert times[-1] > 1.9


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_an_animation_decodes_to_frames_with_times(file_format: str) -> None:
    media = decode(animation(file_format))

    assert media.kind is MediaKind.ANIMATION
    assert len(media.frames) == 32
    assert media.seconds == pytest.approx(2.0)
    assert media.frames[-1].seconds == pytest.approx(1.95)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("complete", ENDS_CHECKED, ids=ENDS_CHECKED_NAMES)
def test_a_file_that_ends_early_is_truncated(complete: bytes, fraction: float) -> None:
    assert refusal_reason(complete[: int(len(complete) * fraction)]) == "truncated"


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"], ids=["no end marker", "an end marker"])
@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_of_a_jpeg_that_ends_early_the_beginning_is_decoded(fraction: float, end: bytes) -> None:
    complete = still("JPEG")

    media = decode(complete[: int(len(complete) * fraction)] + end)

    # the coded data are spread unevenly over the rows of the picture
    assert media.decoded_share == pytest.approx(fraction, abs=0.15)
    assert "remature end" in media.fault
    rows = int(512 * media.decoded_share) - 32  # blocks are 16 rows high, and the last may be incomplete
    assert np.array_equal(media.frames[0].image[:rows], decode(complete).frames[0].image[:rows])


def test_a_jpeg_that_ends_within_its_frame_header_is_truncated() -> None:
    complete = still("JPEG")
    assert refusal_reason(complete[: complete.index(b"\xff\xc0") + 6]) == "truncated"


def test_a_complete_file_has_no_fault() -> None:
    for complete in CONTAINERS:
        media = decode(complete)
        assert (media.decoded_share, media.fault) == (1.0, "")


def test_of_an_animation_that_ends_in_a_frame_the_frames_before_are_decoded() -> None:
    complete = animation("GIF")

    media = decode(complete[: len(complete) // 2])

    # viewers see the same frames: how many were to follow cannot be known
    assert 10 <= len(media.frames) <= 25
    assert 0.9 < media.decoded_share < 1.0
    assert "cannot be decoded" in media.fault


def test_a_video_without_an_index_is_truncated() -> None:
    complete = video("mp4", "libx264")
    assert refusal_reason(complete[: complete.rindex(b"moov") - 4]) == "truncated"


def test_bytes_after_a_complete_video_are_ignored() -> None:
    assert len(decode(video("mp4", "libx264") + b"\xff\xfe" * 20).frames) == 32


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        pytest.param(b"", "image/jpeg", "empty", id="zero bytes"),
        pytest.param(b"%PDF-1.7 and more", "application/pdf", "unsupported_type", id="a PDF declared as PDF"),
        pytest.param(b"only text", None, "unsupported_type", id="text without a declared type"),
        pytest.param(
            b"only text", "application/octet-stream", "unsupported_type", id="text declared as octets"
        ),
        pytest.param(b"%PDF-1.7 and more", "image/jpeg", "type_mismatch", id="a PDF declared as JPEG"),
        pytest.param(video("mp4", "libx264"), "image/jpeg", "type_mismatch", id="a video declared as JPEG"),
        pytest.param(still("PNG"), "image/jpeg", "type_mismatch", id="a PNG declared as JPEG"),
        pytest.param(still("PNG"), "text/html", "type_mismatch", id="a PNG declared as HTML"),
        pytest.param(b"\xff\xd8\xff", None, "truncated", id="only the first bytes of a JPEG"),
        pytest.param(still("PNG").replace(b"IDAT", b"IDAX"), None, "undecodable", id="a PNG without data"),
        pytest.param(png_with_stated_size(60_000, 60_000), None, "too_many_pixels", id="3.6 gigapixel bomb"),
        pytest.param(
            png_with_stated_size(7_100, 7_100), None, "too_many_pixels", id="just above 50 megapixels"
        ),
        pytest.param(png_with_stated_size(0, 10), None, "undecodable", id="a picture without width"),
    ],
)
def test_each_refusal_has_its_reason(data: bytes, declared: str | None, expected: str) -> None:
    assert refusal_reason(data, declared) == expected


@pytest.mark.parametrize(
    ("data", "limits", "expected"),
    [
        (still("JPEG"), {"max_bytes": 1000}, "too_large"),
        (still("JPEG"), {"max_pixels": 512 * 512 - 1}, "too_many_pixels"),
        (video("mp4", "libx264"), {"max_pixels": 160 * 96 - 1}, "too_many_pixels"),
        (video("webm", "libvpx"), {"max_seconds": 1.9}, "too_long"),
        (still("JPEG"), {"max_side": 511}, "too_many_pixels"),
        (still("JPEG"), {"max_scan_pixels": 512 * 512 - 1}, "too_many_pixels"),
        (video("mp4", "libx264"), {"max_samples": 49}, "too_long"),
    ],
)
def test_each_limit_is_enforced(data: bytes, limits: dict[str, float], expected: str) -> None:
    assert refusal_reason(data, **limits) == expected


def test_of_an_animation_with_too_many_pixels_the_first_frames_are_decoded() -> None:
    media = decode(animation("GIF"), limits=MediaLimits(max_animation_pixels=20 * 64 * 64))

    assert media.decoded_share == pytest.approx(0.5, abs=0.05)
    assert "20 of 40 frames" in media.fault


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (still("JPEG"), "image/jpg"),
        (still("JPEG"), "IMAGE/JPEG; charset=binary"),
        (still("JPEG"), "binary/octet-stream"),
        (still("HEIF"), "image/heif"),
        (video("mov", "libx264"), "video/mp4"),
        (video("matroska", "libx264"), "video/webm"),
    ],
)
def test_aliases_and_interchangeable_types_are_accepted(data: bytes, declared: str) -> None:
    assert decode(data, declared).frames


def test_a_type_mismatch_names_both_types() -> None:
    with pytest.raises(Unprocessable, match="declared as image/jpeg, but it is image/png"):
        decode(encoded(portrait(8, 8), "PNG"), "image/jpeg")
