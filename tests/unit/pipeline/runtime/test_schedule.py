"""Order of work: by priority, in order within a key, and not before a record is due."""

import time

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.consumer import Priority
from pipeline.runtime.schedule import Schedule


def make_schedule(low_priority_every: int = 1_000) -> Schedule[str]:
    return Schedule(len(Priority), low_priority_every=low_priority_every)


def take(schedule: Schedule[str], now: float = 0) -> str | None:
    """Take one record; None if none waits."""
    records = schedule.take(now)
    return records[0] if records else None


def test_records_are_handed_out_by_priority() -> None:
    schedule = make_schedule()
    for priority in (Priority.REPLAY, Priority.REPORTED, Priority.INTERACTIVE):
        schedule.add(priority.name, priority=priority, key=None)

    assert [take(schedule), take(schedule), take(schedule), take(schedule)] == [
        "INTERACTIVE",
        "REPORTED",
        "REPLAY",
        None,
    ]


def test_a_key_is_busy_until_released_and_does_not_block_other_keys() -> None:
    schedule = make_schedule()
    schedule.add("first of a", priority=0, key=b"a")
    schedule.add("second of a", priority=0, key=b"a")
    schedule.add("first of b", priority=0, key=b"b")

    assert take(schedule) == "first of a"
    assert take(schedule) == "first of b"
    assert take(schedule) is None

    schedule.release(priority=0, key=b"a")
    assert take(schedule) == "second of a"


def test_delayed_record_waits_until_it_is_due_and_blocks_no_other() -> None:
    schedule = make_schedule()
    schedule.add("later", priority=0, key=None, due=100.0)
    schedule.add("now", priority=0, key=None)

    assert take(schedule, 99.9) == "now"
    assert take(schedule, 99.9) is None
    assert take(schedule, 100.0) == "later"


def test_dropped_records_are_returned_and_not_handed_out() -> None:
    schedule = make_schedule()
    schedule.add("dropped", priority=0, key=None)
    schedule.add("dropped later", priority=1, key=None, due=5.0)
    schedule.add("kept", priority=2, key=None)

    assert schedule.drop(lambda record: record.startswith("dropped")) == ["dropped", "dropped later"]
    assert [take(schedule, 9.0), take(schedule, 9.0)] == ["kept", None]


def test_records_of_a_key_that_wait_together_are_handed_out_together() -> None:
    schedule = make_schedule()
    for number in range(5):
        schedule.add(f"a{number}", priority=0, key=b"a")

    assert schedule.take(0, limit=3) == ["a0", "a1", "a2"]
    schedule.add("a5", priority=0, key=b"a")
    assert schedule.take(0, limit=3) == []

    for _ in range(3):
        schedule.release(priority=0, key=b"a")
    assert schedule.take(0, limit=8) == ["a3", "a4", "a5"]


def test_keys_take_turns_so_that_a_viral_post_delays_others_by_one_hand_out() -> None:
    schedule = make_schedule()
    for number in range(1_500):
        schedule.add(f"viral{number}", priority=1, key=b"viral")
    for key in "abc":
        schedule.add(key, priority=1, key=key.encode())

    assert len(schedule.take(0, limit=8)) == 8
    assert [take(schedule) for _ in range(3)] == ["a", "b", "c"]


def test_records_without_a_key_are_never_joined() -> None:
    schedule = make_schedule()
    for number in range(3):
        schedule.add(f"{number}", priority=0, key=None)

    assert [schedule.take(0, limit=8) for _ in range(4)] == [["0"], ["1"], ["2"], []]


def test_every_nth_hand_out_goes_to_the_lowest_waiting_priority() -> None:
    schedule = make_schedule(low_priority_every=4)
    for number in range(6):
        schedule.add(f"post{number}", priority=Priority.INTERACTIVE, key=None)
    for number in range(3):
        schedule.add(f"replay{number}", priority=Priority.REPLAY, key=None)

    assert [take(schedule) for _ in range(9)] == [
        *("post0", "post1", "post2", "replay0"),
        *("post3", "post4", "post5", "replay1"),
        "replay2",
    ]


def test_taking_a_record_does_not_scan_busy_keys() -> None:
    schedule = make_schedule()
    for number in range(20_000):
        schedule.add("first", priority=0, key=str(number).encode())
        schedule.add("second", priority=0, key=str(number).encode())
    for _ in range(20_000):
        schedule.take(0)

    started = time.perf_counter()
    for _ in range(20_000):
        assert schedule.take(0) == []

    assert time.perf_counter() - started < 1.0  # a scan of 20,000 keys each took minutes


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), max_size=40),
    st.integers(1, 5),
    st.randoms(),
)
def test_each_record_is_handed_out_once_and_in_order_within_its_key(
    arrivals: list[tuple[int, str]], limit: int, random: object
) -> None:
    schedule: Schedule[tuple[int, str, int]] = Schedule(len(Priority), low_priority_every=7)
    for number, (priority, key) in enumerate(arrivals):
        schedule.add((priority, key, number), priority=priority, key=key.encode())

    taken_records: list[tuple[int, str, int]] = []
    busy: list[tuple[int, str, int]] = []
    while len(taken_records) < len(arrivals):
        taken = schedule.take(0, limit)
        if taken:
            assert len({(priority, key) for priority, key, _ in taken}) == 1 <= len(taken) <= limit
            taken_records += taken
            busy += taken
        else:
            finished = busy.pop(random.randrange(len(busy)))  # type: ignore[attr-defined]
            schedule.release(priority=finished[0], key=finished[1].encode())

    for lane in {(priority, key) for priority, key, _ in taken_records}:
        numbers = [number for priority, key, number in taken_records if (priority, key) == lane]
        assert numbers == sorted(numbers)
    assert len({number for *_, number in taken_records}) == len(arrivals)
