"""What comes in, and what is said of it: media by content, and a reason for each refusal."""

import hashlib

import pytest

from inference.errors import Unprocessable
from inference.media import MediaKind, MediaLimits, decode
from tests.unit.inference.media_samples import animation, encoded, png_saying, portrait, still, video

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
CONTAINERS = [still(name) for name in STILLS] + [video(*which) for which in VIDEOS]
CONTAINER_NAMES = [*STILLS, *(which[0] for which in VIDEOS)]


def reason(data: bytes, declared: str | None = None, **limits: float) -> str:
    with pytest.raises(Unprocessable) as refused:
        decode(data, declared, MediaLimits(**limits))
    return refused.value.reason.value


@pytest.mark.parametrize(("file_format", "media_type"), STILLS.items())
def test_a_still_picture_is_one_upright_rgb_frame(file_format: str, media_type: str) -> None:
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


@pytest.mark.parametrize(("which", "media_type"), VIDEOS.items())
def test_a_video_is_32_frames_over_its_whole_time(which: tuple[str, str], media_type: str) -> None:
    media = decode(video(*which), media_type)

    times = [frame.seconds for frame in media.frames]
    assert (media.kind, media.media_type, media.width, media.height) == (MediaKind.VIDEO, media_type, 160, 96)
    assert media.seconds == pytest.approx(2.0, abs=0.05)
    assert len(times) == 32
    assert times == sorted(set(times))
    assert times[0] < 0.1
    assert times[-1] > 1.9


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_frames_with_their_times(file_format: str) -> None:
    media = decode(animation(file_format))

    assert media.kind is MediaKind.ANIMATION
    assert len(media.frames) == 32
    assert media.seconds == pytest.approx(2.0)
    assert media.frames[-1].seconds == pytest.approx(1.95)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("whole", CONTAINERS, ids=CONTAINER_NAMES)
def test_a_file_that_ends_early_is_truncated(whole: bytes, share: float) -> None:
    assert reason(whole[: int(len(whole) * share)]) == "truncated"


def test_a_video_whose_index_was_never_written_is_truncated() -> None:
    whole = video("mp4", "libx264")
    assert reason(whole[: whole.rindex(b"moov") - 4]) == "truncated"


def test_bytes_behind_a_whole_video_do_no_harm() -> None:
    assert len(decode(video("mp4", "libx264") + b"\xff\xfe" * 20).frames) == 32


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        pytest.param(b"", "image/jpeg", "empty", id="zero bytes"),
        pytest.param(b"%PDF-1.7 and more", "application/pdf", "unsupported_type", id="a PDF that says so"),
        pytest.param(b"only text", None, "unsupported_type", id="text, nothing declared"),
        pytest.param(b"only text", "application/octet-stream", "unsupported_type", id="text as octets"),
        pytest.param(b"%PDF-1.7 and more", "image/jpeg", "type_mismatch", id="a PDF named JPEG"),
        pytest.param(video("mp4", "libx264"), "image/jpeg", "type_mismatch", id="a video named JPEG"),
        pytest.param(still("PNG"), "image/jpeg", "type_mismatch", id="a PNG named JPEG"),
        pytest.param(still("PNG"), "text/html", "type_mismatch", id="a PNG named page"),
        pytest.param(b"\xff\xd8\xff", None, "undecodable", id="only a JPEG's first bytes"),
        pytest.param(
            still("PNG").replace(b"IDAT", b"IDAX"), None, "undecodable", id="a PNG without its data"
        ),
        pytest.param(png_saying(60_000, 60_000), None, "too_many_pixels", id="3.6 gigapixel bomb"),
        pytest.param(png_saying(7_100, 7_100), None, "too_many_pixels", id="just above 50 megapixels"),
        pytest.param(png_saying(0, 10), None, "undecodable", id="a picture without width"),
    ],
)
def test_each_refusal_has_its_reason(data: bytes, declared: str | None, expected: str) -> None:
    assert reason(data, declared) == expected


@pytest.mark.parametrize(
    ("data", "limits", "expected"),
    [
        (still("JPEG"), {"max_bytes": 1000}, "too_large"),
        (still("JPEG"), {"max_pixels": 512 * 512 - 1}, "too_many_pixels"),
        (video("mp4", "libx264"), {"max_pixels": 160 * 96 - 1}, "too_many_pixels"),
        (video("webm", "libvpx"), {"max_seconds": 1.9}, "too_long"),
        (animation("GIF"), {"max_animation_pixels": 40 * 64 * 64 - 1}, "too_many_pixels"),
    ],
)
def test_each_limit_holds(data: bytes, limits: dict[str, float], expected: str) -> None:
    assert reason(data, **limits) == expected


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
def test_other_names_for_the_same_thing_are_accepted(data: bytes, declared: str) -> None:
    assert decode(data, declared).frames


def test_a_failure_says_what_was_seen() -> None:
    with pytest.raises(Unprocessable, match="declared as image/jpeg, but it is image/png"):
        decode(encoded(portrait(8, 8), "PNG"), "image/jpeg")
