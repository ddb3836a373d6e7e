"""Which failures are retried, after which delay, and whether the try was an attempt."""

import pytest
from sqlalchemy.exc import OperationalError

from pipeline.errors import EarlyEventError, TransientError
from pipeline.runtime.retries import GiveUp, Retry, Tries, delay_before, retry_decision
from pipeline.settings import RetrySettings
from schemas.errors import DeadLetterReason, UnreadableEventError
from storage.errors import ObjectStoreUnavailableError

SETTINGS = RetrySettings(first_delay_seconds=1, max_delay_seconds=60, attempts=3)
DATABASE_UNAVAILABLE = OperationalError("select 1", None, Exception("connection refused"))


@pytest.mark.parametrize(
    ("error", "attempt", "expected"),
    [
        (TransientError("storage is unavailable"), 1, Retry(1.0, counts=False)),
        (TransientError("storage is still unavailable"), 1_000, Retry(60.0, counts=False)),
        (ObjectStoreUnavailableError("no answer"), 4, Retry(8.0, counts=False)),
        (DATABASE_UNAVAILABLE, 50, Retry(60.0, counts=False)),
        (ValueError("a bug"), 1, Retry(1.0, counts=True)),
        (ValueError("a bug"), 2, Retry(2.0, counts=True)),
        (
            ValueError("a bug"),
            3,
            GiveUp(DeadLetterReason.HANDLER_FAILED, "ValueError: a bug"),
        ),
        (EarlyEventError("no such post yet"), 2, Retry(2.0, counts=True)),
        (
            UnreadableEventError(DeadLetterReason.NOT_JSON, "line 1"),
            1,
            GiveUp(DeadLetterReason.NOT_JSON, "line 1"),
        ),
    ],
)
def test_retry_decision(error: Exception, attempt: int, expected: Retry | GiveUp) -> None:
    assert retry_decision(error, Tries(attempt), SETTINGS) == expected


def test_delays_double_up_to_the_maximum() -> None:
    assert [delay_before(attempt, SETTINGS) for attempt in (2, 3, 4, 8, 9, 10_000)] == [1, 2, 4, 60, 60, 60]


def test_unknown_failure_does_not_use_up_attempts_while_most_events_fail() -> None:
    last = Tries(attempt=3, waits=1)

    retry = retry_decision(ValueError("a bug?"), last, SETTINGS, paused=True)

    assert retry == Retry(8.0, counts=False)
    assert isinstance(retry, Retry)
    assert last.after(retry) == Tries(attempt=3, waits=2)


def test_tries_during_an_outage_do_not_use_up_attempts() -> None:
    tries = Tries()
    for _ in range(50):
        retry = retry_decision(DATABASE_UNAVAILABLE, tries, SETTINGS)
        assert isinstance(retry, Retry)
        tries = tries.after(retry)

    assert tries == Tries(attempt=1, waits=50)
    assert retry_decision(ValueError("a bug"), tries, SETTINGS) == Retry(60.0, counts=True)
