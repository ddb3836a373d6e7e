"""The circuit breaker opens when most events fail, probes, and closes when an event succeeds."""

import pytest

from pipeline.runtime.circuit_breaker import MIN_EVENTS, WINDOW_SECONDS, CircuitBreaker, State
from pipeline.settings import RetrySettings

RETRY = RetrySettings(first_delay_seconds=1, max_delay_seconds=8)


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker(RETRY)


def fail(breaker: CircuitBreaker, count: int, now: float = 0.0) -> None:
    for _ in range(count):
        breaker.record(now, failed=True)


def test_events_flow_until_enough_of_them_fail(breaker: CircuitBreaker) -> None:
    fail(breaker, MIN_EVENTS - 1)
    assert breaker.allowed(0.0, in_flight=30)

    fail(breaker, 1)
    assert breaker.state is State.OPEN
    assert not breaker.allowed(0.0, in_flight=0)


def test_a_few_failures_among_many_successes_open_nothing(breaker: CircuitBreaker) -> None:
    for number in range(1_000):
        breaker.record(0.0, failed=number % 4 != 0)  # three quarters fail

    assert breaker.state is State.CLOSED


def test_failures_of_long_ago_do_not_count(breaker: CircuitBreaker) -> None:
    fail(breaker, MIN_EVENTS - 1, now=0.0)
    fail(breaker, 1, now=WINDOW_SECONDS + 1)

    assert breaker.state is State.CLOSED


def test_after_a_delay_one_event_at_a_time_is_allowed(breaker: CircuitBreaker) -> None:
    fail(breaker, MIN_EVENTS)

    assert not breaker.allowed(0.9, in_flight=0)
    assert not breaker.allowed(1.0, in_flight=1)  # one that was started before is not finished
    assert breaker.allowed(1.0, in_flight=0)
    assert breaker.state is State.PROBING


def test_what_was_started_before_it_opened_changes_nothing(breaker: CircuitBreaker) -> None:
    fail(breaker, MIN_EVENTS)
    breaker.record(0.5, failed=False)

    assert breaker.state is State.OPEN


def test_a_probe_that_succeeds_lets_events_flow(breaker: CircuitBreaker) -> None:
    fail(breaker, MIN_EVENTS)
    assert breaker.allowed(1.0, in_flight=0)

    breaker.record(1.1, failed=False)

    assert breaker.state is State.CLOSED
    assert breaker.allowed(1.1, in_flight=30)


def test_probes_that_fail_come_ever_more_rarely(breaker: CircuitBreaker) -> None:
    fail(breaker, MIN_EVENTS)
    now, waits = 0.0, []
    for _ in range(6):
        start = now
        while not breaker.allowed(now, in_flight=0):
            now += 0.5
        waits.append(now - start)
        breaker.record(now, failed=True)

    assert waits == [1, 2, 4, 8, 8, 8]
