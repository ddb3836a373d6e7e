"""The track, the size and the part of a video that viewers see; and nothing that a stranger chooses."""

import random
import socket
from pathlib import Path

import numpy as np
import pytest

from inference.errors import Unprocessable
from inference.media import MediaLimits, decode
from inference.media.jpeg_markers import MAX_SCANS, MAX_SEGMENTS
from tests.hostile.families import deceptions
from tests.unit.inference.media_samples import still, video

CASES = {case.name: case for case in deceptions.cases(random.Random(1))}


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("fourcc", "mkv-unknown"))])
def test_a_track_without_a_decoder_is_answered_with_a_reason(name: str) -> None:
    with pytest.raises(Unprocessable, match="undecodable"):
        decode(CASES[name].data)


@pytest.mark.parametrize(("name", "bright"), [("first-track-disabled", True), ("first-track-enabled", False)])
def test_the_first_enabled_track_is_judged(name: str, bright: bool) -> None:
    media = decode(CASES[name].data)

    assert (media.frames[0].image.mean() > 60) == bright


@pytest.mark.parametrize("container", ["mp4", "webm", "matroska"])
def test_frames_that_change_their_size_are_brought_to_that_of_the_first(container: str) -> None:
    media = decode(CASES[f"size-changes-{container}"].data)

    assert {frame.image.shape for frame in media.frames} == {(64, 96, 3)}
    assert (media.width, media.height) == (96, 64)


def descriptors() -> int:
    """Return the number of files and sockets that are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.family == "playlists"])
def test_a_playlist_behind_a_magic_number_opens_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        pytest.fail("a socket or file was opened")

    monkeypatch.setattr(socket, "socket", forbidden)
    before = descriptors()

    with pytest.raises(Unprocessable):
        decode(CASES[name].data)

    assert descriptors() <= before


def test_a_long_video_is_sampled_over_its_whole_duration() -> None:
    data = video("mp4", "libx264", frames=400)
    limits = MediaLimits(max_decoded_pixels=160 * 96 * 50)  # 50 of the 400 frames

    media = decode(data, limits=limits)

    times = [frame.seconds for frame in media.frames]
    assert len(times) >= 8
    assert times == sorted(times)
    assert times[-1] > 8.0  # of 16 s
    brightness = [frame.image[48, 120].mean() for frame in media.frames]
    assert brightness == sorted(brightness)  # the frames are those of their times
    assert (media.decoded_share, media.fault) == (1.0, "")


def test_frames_of_a_short_clip_are_those_of_decoding_all_in_order() -> None:
    data = video("webm", "libvpx-vp9")

    few, all_ = (
        decode(data, limits=MediaLimits(max_frames=5)),
        decode(data, limits=MediaLimits(max_frames=50)),
    )

    by_time = {frame.seconds: frame.image for frame in all_.frames}
    assert all(np.array_equal(frame.image, by_time[frame.seconds]) for frame in few.frames)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (still("JPEG")[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 200, f"the limit is {MAX_SCANS}"),
        (
            b"\xff\xd8" + b"\xff\xe1\x00\x02" * 10_000 + still("JPEG")[2:],
            f"more than {MAX_SEGMENTS} segments",
        ),
    ],
)
def test_jpeg_files_of_endless_parts_are_refused(data: bytes, detail: str) -> None:
    with pytest.raises(Unprocessable, match=detail):
        decode(data)
