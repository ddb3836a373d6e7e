"""Order of work: by priority, in order within a key, and not before a record is due."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.consumer import Priority
from pipeline.runtime.schedule import Schedule


def make_schedule() -> Schedule[str]:
    return Schedule(len(Priority))


def test_records_are_handed_out_by_priority() -> None:
    schedule = make_schedule()
    for priority in (Priority.REPLAY, Priority.REPORTED, Priority.INTERACTIVE):
        schedule.add(priority.name, priority=priority, key=None)

    assert [schedule.take(0), schedule.take(0), schedule.take(0), schedule.take(0)] == [
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

    assert schedule.take(0) == "first of a"
    assert schedule.take(0) == "first of b"
    assert schedule.take(0) is None

    schedule.release(priority=0, key=b"a")
    assert schedule.take(0) == "second of a"


def test_delayed_record_waits_until_it_is_due_and_blocks_no_other() -> None:
    schedule = make_schedule()
    schedule.add("later", priority=0, key=None, due=100.0)
    schedule.add("now", priority=0, key=None)

    assert schedule.take(99.9) == "now"
    assert schedule.take(99.9) is None
    assert schedule.take(100.0) == "later"


def test_dropped_records_are_returned_and_not_handed_out() -> None:
    schedule = make_schedule()
    schedule.add("dropped", priority=0, key=None)
    schedule.add("dropped later", priority=1, key=None, due=5.0)
    schedule.add("kept", priority=2, key=None)

    assert schedule.drop(lambda record: record.startswith("dropped")) == ["dropped", "dropped later"]
    assert [schedule.take(9.0), schedule.take(9.0)] == ["kept", None]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), max_size=40), st.randoms())
def test_each_record_is_handed_out_once_and_in_order_within_its_key(
    arrivals: list[tuple[int, str]], random: object
) -> None:
    schedule: Schedule[tuple[int, str, int]] = Schedule(len(Priority))
    for number, (priority, key) in enumerate(arrivals):
        schedule.add((priority, key, number), priority=priority, key=key.encode())

    taken_records: list[tuple[int, str, int]] = []
    busy: list[tuple[int, str, int]] = []
    while len(taken_records) < len(arrivals):
        taken = schedule.take(0)
        if taken is not None:
            taken_records.append(taken)
            busy.append(taken)
        else:
            finished = busy.pop(random.randrange(len(busy)))  # type: ignore[attr-defined]
            schedule.release(priority=finished[0], key=finished[1].encode())

    for lane in {(priority, key) for priority, key, _ in taken_records}:
        numbers = [number for priority, key, number in taken_records if (priority, key) == lane]
        assert numbers == sorted(numbers)
    assert len({number for *_, number in taken_records}) == len(arrivals)
