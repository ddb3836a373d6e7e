"""Order of work: by priority, in order within a key, fair between keys, and not before a record is due."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.consumer import Priority
from pipeline.runtime.schedule import Schedule


def make_schedule(lowest_share: int = 1_000) -> Schedule[str]:
    return Schedule(len(Priority), lowest_share=lowest_share)


def test_records_are_handed_out_by_priority() -> None:
    schedule = make_schedule()
    for priority in (Priority.REPLAY, Priority.REPORTED, Priority.INTERACTIVE):
        schedule.add(priority.name, priority=priority, key=None)

    assert [schedule.take(0) for _ in range(4)] == [["INTERACTIVE"], ["REPORTED"], ["REPLAY"], []]


def test_a_key_is_busy_until_released_and_does_not_block_other_keys() -> None:
    schedule = make_schedule()
    schedule.add("first of a", priority=0, key=b"a")
    schedule.add("second of a", priority=0, key=b"a")
    schedule.add("first of b", priority=0, key=b"b")

    assert schedule.take(0) == ["first of a"]
    assert schedule.take(0) == ["first of b"]
    assert schedule.take(0) == []

    schedule.release(priority=0, key=b"a")
    assert schedule.take(0) == ["second of a"]


def test_records_of_one_key_are_handed_out_together_up_to_the_limit() -> None:
    schedule = make_schedule()
    for number in range(10):
        schedule.add(f"report {number}", priority=0, key=b"viral")

    assert schedule.take(0, limit=8) == [f"report {number}" for number in range(8)]
    schedule.release(priority=0, key=b"viral")
    assert schedule.take(0, limit=8) == ["report 8", "report 9"]


def test_a_key_with_many_records_does_not_hold_back_the_others() -> None:
    schedule = make_schedule()
    for number in range(1_500):
        schedule.add(f"viral {number}", priority=0, key=b"viral")
    for number in range(8):
        schedule.add(f"other {number}", priority=0, key=f"other {number}".encode())

    order: list[str] = []
    while "other 7" not in order:
        taken = schedule.take(0, limit=8)
        order += taken
        schedule.release(priority=0, key=taken[0].encode() if taken[0].startswith("other") else b"viral")

    assert len(order) <= 8 + 2 * 8


def test_delayed_record_waits_until_it_is_due_and_blocks_no_other() -> None:
    schedule = make_schedule()
    schedule.add("later", priority=0, key=None, due=100.0)
    schedule.add("now", priority=0, key=None)

    assert schedule.take(99.9) == ["now"]
    assert schedule.take(99.9) == []
    assert schedule.take(100.0) == ["later"]


def test_the_lowest_priority_gets_a_small_share_under_load() -> None:
    schedule = make_schedule(lowest_share=16)
    for number in range(200):
        schedule.add("post", priority=Priority.INTERACTIVE, key=f"p{number}".encode())
        schedule.add("replay", priority=Priority.REPLAY, key=f"r{number}".encode())

    handed_out = [schedule.take(0)[0] for _ in range(160)]

    assert handed_out.count("replay") == 10


def test_dropped_records_are_returned_and_not_handed_out() -> None:
    schedule = make_schedule()
    schedule.add("dropped", priority=0, key=None)
    schedule.add("dropped later", priority=1, key=None, due=5.0)
    schedule.add("dropped of a", priority=2, key=b"a")
    schedule.add("kept of a", priority=2, key=b"a")

    dropped = schedule.drop(lambda record: record.startswith("dropped"))

    assert sorted(dropped) == ["dropped", "dropped later", "dropped of a"]
    assert [schedule.take(9.0), schedule.take(9.0)] == [["kept of a"], []]


def test_a_busy_key_whose_waiting_records_are_dropped_can_be_used_again() -> None:
    schedule = make_schedule()
    schedule.add("first", priority=0, key=b"a")
    schedule.add("second", priority=0, key=b"a")
    assert schedule.take(0) == ["first"]

    schedule.drop(lambda record: record == "second")
    schedule.release(priority=0, key=b"a")
    schedule.add("third", priority=0, key=b"a")

    assert schedule.take(0) == ["third"]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), max_size=40),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_each_record_is_handed_out_once_and_in_order_within_its_key(
    arrivals: list[tuple[int, str]], limit: int, rng: random.Random
) -> None:
    schedule: Schedule[tuple[int, str, int]] = Schedule(len(Priority))
    for number, (priority, key) in enumerate(arrivals):
        schedule.add((priority, key, number), priority=priority, key=key.encode())

    taken_records: list[tuple[int, str, int]] = []
    busy: list[tuple[int, str]] = []
    while len(taken_records) < len(arrivals):
        taken = schedule.take(0, limit)
        if taken:
            lanes = {record[:2] for record in taken}
            assert len(lanes) == 1
            assert not lanes & set(busy)
            taken_records += taken
            busy += lanes
        else:
            priority, key = busy.pop(rng.randrange(len(busy)))
            schedule.release(priority=priority, key=key.encode())

    for lane in set(arrivals):
        numbers = [record[2] for record in taken_records if record[:2] == lane]
        assert numbers == sorted(numbers)
    assert len({number for *_, number in taken_records}) == len(arrivals)
