"""Linking faces through frames: a table of cases, and properties that always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.face import Box
from inference.tracks import MAX_GAP, distance, link_tracks


def square(x: float, y: float, side: float = 100) -> Box:
    return (x, y, x + side, y + side)


LEFT, RIGHT = square(0, 0), square(500, 0)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param([], [], id="no frames"),
        pytest.param([[], [LEFT]], [[], [0]], id="appears later"),
        pytest.param([[LEFT], [square(30, 10)]], [[0], [0]], id="moves a little"),
        pytest.param([[LEFT], [square(90, 0)], [square(180, 0)]], [[0], [0], [0]], id="walks on"),
        pytest.param([[LEFT], [RIGHT]], [[0], [1]], id="other position, other face"),
        pytest.param([[LEFT], [square(0, 0, 190)]], [[0], [1]], id="other size, other face"),
        pytest.param([[LEFT, RIGHT], [RIGHT, LEFT]], [[0, 1], [1, 0]], id="reported in another order"),
        pytest.param([[LEFT], *[[]] * (MAX_GAP - 1), [LEFT]], [[0], *[[]] * (MAX_GAP - 1), [0]], id="hidden"),
        pytest.param([[LEFT], *[[]] * MAX_GAP, [LEFT]], [[0], *[[]] * MAX_GAP, [1]], id="hidden too long"),
        pytest.param([[LEFT], [square(40, 0), square(10, 0)]], [[0], [1, 0]], id="the closest continues"),
    ],
)
def test_link_tracks(frames: list[list[Box]], expected: list[list[int]]) -> None:
    assert link_tracks(frames) == expected


boxes = st.builds(square, st.floats(-50, 2000), st.floats(-50, 2000), st.floats(1, 500))
videos = st.lists(st.lists(boxes, max_size=5), max_size=10)


@given(videos)
def test_tracks_are_distinct_within_a_frame_and_numbered_without_gaps(frames: list[list[Box]]) -> None:
    numbered = link_tracks(frames)
    assert [len(numbers) for numbers in numbered] == [len(found) for found in frames]
    assert all(len(set(numbers)) == len(numbers) for numbers in numbered)
    order = list(dict.fromkeys(number for numbers in numbered for number in numbers))
    assert order == list(range(len(order)))


@given(boxes, boxes)
def test_distance_is_symmetric_and_zero_for_the_same(a: Box, b: Box) -> None:
    assert distance(a, b) == distance(b, a)
    assert distance(a, a) == 0
