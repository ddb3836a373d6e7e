"""Frames of a video: which ones are sampled, their size and their orientation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.media import MediaLimits, decode
from inference.media.sampling import evenly_spaced
from inference.media.video_sampling import sample_times
from tests.unit.inference.media_samples import video


def test_frames_get_brighter_as_encoded() -> None:
    media = decode(video("mp4", "libx264"))
    brightness = [frame.image[48, 120].mean() for frame in media.frames]
    assert brightness == sorted(brightness)
    assert brightness[-1] - brightness[0] > 180


def test_each_frame_of_a_short_clip_is_returned_once() -> None:
    media = decode(video("mp4", "libx264", frames=5))
    assert [frame.seconds for frame in media.frames] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])


@pytest.mark.parametrize(("rotation", "bright_half"), [(90, "top"), (-90, "bottom")])
def test_rotation_is_applied(rotation: int, bright_half: str) -> None:
    """The right half is bright; a quarter turn counter-clockwise moves it to the top."""
    media = decode(video("mp4", "libx264", rotation=rotation))
    last = media.frames[-1].image
    assert (media.width, media.height, last.shape) == (96, 160, (160, 96, 3))
    top, bottom = last[:70].mean(), last[90:].mean()
    assert (top > bottom + 150) == (bright_half == "top")
    assert (bottom > top + 150) == (bright_half == "bottom")


def test_large_frames_are_reduced_and_the_original_size_kept() -> None:
    media = decode(video("mp4", "libx264"), limits=MediaLimits(max_frame_side=80))
    assert (media.width, media.height) == (160, 96)
    assert media.frames[0].image.shape == (48, 80, 3)
    assert media.scale == 0.5


def test_at_most_max_frames_are_returned() -> None:
    assert len(decode(video("mp4", "libx264"), limits=MediaLimits(max_frames=7)).frames) == 7


@pytest.mark.parametrize(
    ("count", "wanted", "expected"),
    [(1, 32, (0,)), (3, 3, (0, 1, 2)), (10, 2, (2, 7)), (9, 1, (4,)), (0, 4, ())],
)
def test_evenly_spaced(count: int, wanted: int, expected: tuple[int, ...]) -> None:
    assert evenly_spaced(count, wanted) == expected


@given(count=st.integers(0, 5000), wanted=st.integers(1, 64))
def test_evenly_is_ascending_distinct_and_inside(count: int, wanted: int) -> None:
    indices = evenly_spaced(count, wanted)
    assert len(indices) == min(count, wanted)
    assert list(indices) == sorted(set(indices))
    assert all(0 <= index < count for index in indices)


def test_sample_times_are_the_middles_of_equal_parts() -> None:
    assert sample_times(8.0, 4) == (1.0, 3.0, 5.0, 7.0)
