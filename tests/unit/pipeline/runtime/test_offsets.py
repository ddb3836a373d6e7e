"""The commit position never passes an unfinished record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.offsets import OffsetTracker


@given(st.sets(st.integers(0, 200), min_size=1), st.data())
def test_position_is_the_first_unfinished_offset_or_one_past_the_last(
    offsets: set[int], data: st.DataObject
) -> None:
    tracker = OffsetTracker()
    for offset in sorted(offsets):
        tracker.add(offset)
    finished = data.draw(st.sets(st.sampled_from(sorted(offsets))))

    for offset in data.draw(st.permutations(sorted(finished))):
        tracker.complete(offset)

    unfinished = offsets - finished
    assert tracker.position() == (min(unfinished) if unfinished else max(offsets) + 1)
    assert tracker.unfinished == len(unfinished)


def test_commit_is_returned_once_per_position() -> None:
    tracker = OffsetTracker()
    assert tracker.take_commit() is None

    tracker.add(7)
    tracker.add(8)
    tracker.complete(8)
    assert tracker.take_commit() == 7
    assert tracker.take_commit() is None

    tracker.complete(7)
    assert tracker.take_commit() == 9


def test_abandoned_record_keeps_the_position_but_is_not_pending() -> None:
    tracker = OffsetTracker()
    tracker.add(3)
    tracker.add(4)

    tracker.abandon(3)
    tracker.complete(4)

    assert tracker.pending == 0
    assert tracker.position() == 3


def test_a_post_counts_once_however_many_of_its_records_are_unfinished() -> None:
    tracker = OffsetTracker()
    for offset in range(10):
        tracker.add(offset, b"viral", 100)
    tracker.add(10, b"other", 50)
    tracker.add(11, None, 7)

    assert (tracker.posts, tracker.size) == (3, 1_057)

    for offset in (*range(10), 11):
        tracker.complete(offset)
    assert (tracker.posts, tracker.size) == (1, 50)


def test_adding_an_offset_out_of_order_is_an_error() -> None:
    tracker = OffsetTracker()
    tracker.add(5)
    with pytest.raises(ValueError, match="offset 5 was read after 5"):
        tracker.add(5)
