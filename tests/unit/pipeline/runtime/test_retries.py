"""Which failures are retried, after which delay, and the headers of a retried record."""

import time

import pytest
from sqlalchemy.exc import OperationalError

from pipeline.errors import TransientError
from pipeline.runtime.retries import (
    ATTEMPT_HEADER,
    GiveUp,
    Retry,
    attempt_of,
    delay_before,
    due_of,
    retry_decision,
    retry_record,
    since_of,
)
from pipeline.settings import RetrySettings
from schemas.envelope import Record
from schemas.errors import DeadLetterReason, UnreadableEventError
from storage.errors import ObjectStoreUnavailableError

RETRY_TOPIC = "posts.created.detection.retry"
SETTINGS = RetrySettings(first_delay_seconds=1, max_delay_seconds=60, attempts=3)
DATABASE_UNAVAILABLE = OperationalError("select 1", None, Exception("connection refused"))


@pytest.mark.parametrize(
    ("error", "attempt", "expected"),
    [
        (TransientError("storage is unavailable"), 1, Retry(1.0)),
        (TransientError("storage is still unavailable"), 1_000, Retry(60.0)),
        (ObjectStoreUnavailableError("no answer"), 4, Retry(8.0)),
        (DATABASE_UNAVAILABLE, 50, Retry(60.0)),
        (ValueError("a bug"), 1, Retry(1.0)),
        (ValueError("a bug"), 2, Retry(2.0)),
        (
            ValueError("a bug"),
            3,
            GiveUp(DeadLetterReason.HANDLER_FAILED, "ValueError: a bug"),
        ),
        (
            UnreadableEventError(DeadLetterReason.NOT_JSON, "line 1"),
            1,
            GiveUp(DeadLetterReason.NOT_JSON, "line 1"),
        ),
    ],
)
def test_retry_decision(error: Exception, attempt: int, expected: Retry | GiveUp) -> None:
    assert retry_decision(error, attempt, SETTINGS) == expected


def test_delays_double_up_to_the_maximum() -> None:
    assert [delay_before(attempt, SETTINGS) for attempt in (2, 3, 4, 8, 9, 10_000)] == [1, 2, 4, 60, 60, 60]


def test_retry_record_keeps_the_event_and_adds_attempt_due_time_and_first_arrival() -> None:
    record = Record("posts.created", b"p1", b"{}", (("ce_id", b"1"), (ATTEMPT_HEADER, b"2")))

    second_retry = retry_record(RETRY_TOPIC, record, since_ms=1_700_000_000_000, attempt=3, delay=10.0)
    third_retry = retry_record(
        RETRY_TOPIC, second_retry, since_ms=since_of(second_retry.headers, 5), attempt=4, delay=1.0
    )

    assert (second_retry.topic, second_retry.key, second_retry.value) == (RETRY_TOPIC, b"p1", b"{}")
    assert second_retry.headers[0] == ("ce_id", b"1")
    assert [name for name, _ in second_retry.headers].count(ATTEMPT_HEADER) == 1
    assert (attempt_of(second_retry.headers), attempt_of(third_retry.headers)) == (3, 4)
    assert since_of(third_retry.headers, 5) == 1_700_000_000_000
    assert 7.9 <= due_of(second_retry.headers) - time.time() <= 12.1  # the delay plus or minus 20 %


def test_record_without_retry_headers_is_the_first_attempt_and_due_at_once() -> None:
    assert attempt_of([("ce_id", b"1")]) == 1
    assert due_of([("ce_id", b"1")]) == 0
    assert since_of([("ce_id", b"1")], 5) == 5
