"""When consumption pauses, how it is probed, and when it resumes."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.breaker import MAX_EVENTS, Change, CircuitBreaker
from pipeline.settings import ConsumptionSettings

SETTINGS = ConsumptionSettings(pause_window_seconds=60, pause_events=3, pause_share=0.8)


def make_breaker() -> CircuitBreaker:
    return CircuitBreaker(SETTINGS, lambda probe: 10.0 * probe)


def opened() -> CircuitBreaker:
    """Return a breaker that opened at second 2, so that the first probe is due at 12."""
    breaker = make_breaker()
    changes = [breaker.record(second, f"e{second}", failed=True) for second in range(3)]
    assert changes == [None, None, Change.OPENED]
    return breaker


def test_it_opens_when_most_events_failed() -> None:
    breaker = make_breaker()
    breaker.record(0, "good", failed=False)

    changes = [breaker.record(1, f"e{number}", failed=True) for number in range(4)]

    assert changes == [None, None, None, Change.OPENED]  # 4 of 5 are 80 %
    assert not breaker.admits(1)


def test_one_event_that_fails_again_and_again_does_not_open_it() -> None:
    breaker = make_breaker()

    assert [breaker.record(second, "poison", failed=True) for second in range(50)] == [None] * 50


def test_failures_that_are_long_ago_do_not_count() -> None:
    breaker = make_breaker()

    assert [breaker.record(61 * number, f"e{number}", failed=True) for number in range(9)] == [None] * 9


def test_event_that_succeeds_after_a_retry_is_no_failure() -> None:
    breaker = make_breaker()
    for event in ("a", "b"):
        breaker.record(0, event, failed=True)
        breaker.record(1, event, failed=False)

    assert breaker.record(2, "c", failed=True) is None


def test_faults_of_the_records_themselves_do_not_open_it() -> None:
    breaker = make_breaker()

    assert [breaker.record(0, number, failed=None) for number in range(50)] == [None] * 50


def test_many_successes_before_an_outage_do_not_hide_it() -> None:
    breaker = make_breaker()
    for number in range(10_000):
        breaker.record(0, ("good", number), failed=False)

    changes = [breaker.record(1, number, failed=True) for number in range(MAX_EVENTS)]

    assert changes.index(Change.OPENED) == 0.8 * MAX_EVENTS - 1


def test_one_probe_at_a_time_starts_when_it_is_due() -> None:
    breaker = opened()
    assert [breaker.admits(11.9), breaker.admits(12)] == [False, True]

    breaker.start("probe")

    assert not breaker.admits(100)


def test_success_of_the_probe_closes_it() -> None:
    breaker = opened()
    breaker.start("probe")

    assert breaker.record(13, "probe", failed=False) is Change.CLOSED
    assert breaker.admits(13)
    assert breaker.record(14, "new", failed=True) is None  # older failures are forgotten


def test_failure_of_the_probe_waits_longer() -> None:
    breaker = opened()
    breaker.start("probe")

    assert breaker.record(13, "probe", failed=True) is Change.STILL_OPEN
    assert [breaker.admits(32.9), breaker.admits(33)] == [False, True]


def test_probe_that_says_nothing_is_followed_by_the_next() -> None:
    breaker = opened()
    breaker.start("unreadable")

    assert breaker.record(13, "unreadable", failed=None) is None
    assert breaker.is_open
    assert breaker.admits(13)


def test_events_that_were_started_before_it_opened_do_not_close_it() -> None:
    breaker = opened()

    assert breaker.record(3, "straggler", failed=False) is None
    assert breaker.is_open


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 9), st.booleans() | st.none()), max_size=300))
def test_a_probe_is_due_in_the_end(outcomes: list[tuple[float, int, bool | None]]) -> None:
    breaker, now = make_breaker(), 0.0
    for seconds, event, failed in outcomes:
        now += seconds
        if breaker.admits(now):
            breaker.start(event)
            breaker.record(now, event, failed=failed)

    assert breaker.admits(now + 10.0 * len(outcomes) + 10)
