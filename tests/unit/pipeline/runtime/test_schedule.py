"""Order of work: priority first, order within a key, nothing before it is due."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.consumer import Priority
from pipeline.runtime.schedule import Schedule


def schedule() -> Schedule[str]:
    return Schedule(len(Priority))


def test_interactive_posts_come_before_reports_and_both_before_replays() -> None:
    waiting = schedule()
    for kind in (Priority.REPLAY, Priority.REPORTED, Priority.INTERACTIVE):
        waiting.add(kind.name, priority=kind, key=None)

    assert [waiting.take(0), waiting.take(0), waiting.take(0), waiting.take(0)] == [
        "INTERACTIVE",
        "REPORTED",
        "REPLAY",
        None,
    ]


def test_a_key_is_served_one_record_at_a_time_and_does_not_hold_up_others() -> None:
    waiting = schedule()
    waiting.add("first of a", priority=0, key=b"a")
    waiting.add("second of a", priority=0, key=b"a")
    waiting.add("first of b", priority=0, key=b"b")

    assert waiting.take(0) == "first of a"
    assert waiting.take(0) == "first of b"
    assert waiting.take(0) is None

    waiting.release(priority=0, key=b"a")
    assert waiting.take(0) == "second of a"


def test_a_delayed_record_waits_until_it_is_due_and_nothing_waits_behind_it() -> None:
    waiting = schedule()
    waiting.add("later", priority=0, key=None, due=100.0)
    waiting.add("now", priority=0, key=None)

    assert waiting.take(99.9) == "now"
    assert waiting.take(99.9) is None
    assert waiting.take(100.0) == "later"


def test_what_is_dropped_is_returned_and_not_served() -> None:
    waiting = schedule()
    waiting.add("gone", priority=0, key=None)
    waiting.add("gone later", priority=1, key=None, due=5.0)
    waiting.add("kept", priority=2, key=None)

    assert waiting.drop(lambda record: record.startswith("gone")) == ["gone", "gone later"]
    assert [waiting.take(9.0), waiting.take(9.0)] == ["kept", None]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), max_size=40), st.randoms())
def test_each_record_is_served_once_and_in_order_within_its_lane(
    arrivals: list[tuple[int, str]], random: object
) -> None:
    waiting: Schedule[tuple[int, str, int]] = Schedule(len(Priority))
    for number, (priority, key) in enumerate(arrivals):
        waiting.add((priority, key, number), priority=priority, key=key.encode())

    served: list[tuple[int, str, int]] = []
    busy: list[tuple[int, str, int]] = []
    while len(served) < len(arrivals):
        taken = waiting.take(0)
        if taken is not None:
            served.append(taken)
            busy.append(taken)
        else:
            ended = busy.pop(random.randrange(len(busy)))  # type: ignore[attr-defined]
            waiting.release(priority=ended[0], key=ended[1].encode())

    for lane in {(priority, key) for priority, key, _ in served}:
        numbers = [number for priority, key, number in served if (priority, key) == lane]
        assert numbers == sorted(numbers)
    assert len({number for *_, number in served}) == len(arrivals)
