"""Which packets of a video are decoded: all of a short clip, the beginnings of groups of a long one."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.media.video_sampling import PacketTime, Run, plan, timeline


def packets(count: int, keyframe_every: int, rate: float = 25.0) -> list[PacketTime]:
    return [
        PacketTime(index / rate, 1 / rate, keyframe=index % keyframe_every == 0) for index in range(count)
    ]


def test_a_short_clip_is_one_run_with_samples_in_the_middles_of_equal_parts() -> None:
    unmarked = [PacketTime(index / 25, 1 / 25, keyframe=False) for index in range(100)]

    assert plan(unmarked, max_samples=4, max_frames=100) == [Run(0, 99, (0.5, 1.5, 2.5, 3.5))]


def test_samples_move_to_the_keyframe_in_their_part() -> None:
    """Given keyframes at 0, 1.2, 2.4 and 3.6 seconds, and parts of one second and of two."""
    assert plan(packets(100, 30), 4, 100) == [Run(0, 99, (0.0, 1.2, 2.4, 3.6))]
    assert plan(packets(100, 30), 2, 100) == [Run(0, 99, (1.2, 2.4))]


def test_of_the_beginning_of_a_group_the_keyframe_is_taken() -> None:
    runs = plan(packets(1_000, 250), max_samples=8, max_frames=100)

    assert [run.times[0] for run in runs] == [0.0, 10.0, 20.0, 30.0]


def test_of_a_long_video_the_beginning_of_each_group_is_decoded() -> None:
    runs = plan(packets(1_000, 250), max_samples=8, max_frames=100)

    assert [(run.first, run.last) for run in runs] == [(0, 24), (250, 274), (500, 524), (750, 774)]
    assert [len(run.times) for run in runs] == [2, 2, 2, 2]
    assert all(run.first / 25 <= time <= run.last / 25 for run in runs for time in run.times)


def test_of_more_groups_than_samples_some_are_chosen_evenly() -> None:
    runs = plan(packets(1_000, 1), max_samples=4, max_frames=100)  # every frame is a keyframe

    assert [(run.first, run.last) for run in runs] == [(125, 125), (375, 375), (625, 625), (875, 875)]


def test_a_long_video_without_keyframes_is_decoded_from_its_start() -> None:
    unmarked = [PacketTime(index / 25, 1 / 25, keyframe=False) for index in range(1_000)]

    (run,) = plan(unmarked, max_samples=4, max_frames=100)

    assert (run.first, run.last, len(run.times)) == (0, 99, 4)


def test_packets_without_times_give_no_samples() -> None:
    assert plan([PacketTime(None, 0.0, keyframe=True)] * 3, 4, 100) == []
    assert timeline([]) == (0.0, 0.0)


@given(
    count=st.integers(1, 3_000),
    keyframe_every=st.integers(1, 400),
    max_samples=st.integers(1, 32),
    max_frames=st.integers(0, 1_000),
)
def test_the_work_is_bounded_and_samples_are_ordered(
    count: int, keyframe_every: int, max_samples: int, max_frames: int
) -> None:
    runs = plan(packets(count, keyframe_every), max_samples, max_frames)

    decoded = sum(run.last - run.first + 1 for run in runs)
    times = [time for run in runs for time in run.times]
    assert 1 <= len(times) <= max_samples
    assert decoded <= max(max_frames, max_samples)
    assert times == sorted(times)
    assert all(before.last < after.first for before, after in pairwise(runs))
