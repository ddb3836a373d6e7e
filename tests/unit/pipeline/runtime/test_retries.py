"""Which failures are retried, after which delay, and the headers of a retried record."""

import errno
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError, ProgrammingError

from pipeline.errors import NotYetError, TransientError
from pipeline.runtime.retries import (
    ATTEMPT_HEADER,
    DUE_HEADER,
    SINCE_HEADER,
    WAITS_HEADER,
    GiveUp,
    Retry,
    Tries,
    delay_before,
    due_of,
    is_transient,
    retry_decision,
    retry_record,
    since_of,
    tries_of,
)
from pipeline.settings import RetrySettings
from schemas.envelope import Record
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.topics import POSTS_CREATED
from storage.errors import ObjectStoreUnavailableError

SETTINGS = RetrySettings(first_delay_seconds=1, max_delay_seconds=60, attempts=3)
NOW = 1_700_000_000.0


class PostgresError(Exception):
    """The driver's error with an SQLSTATE; None if the server did not answer."""

    def __init__(self, pgcode: str | None = None) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


DATABASE_UNAVAILABLE = OperationalError("select 1", None, PostgresError())


@pytest.mark.parametrize(
    ("error", "tries", "expected"),
    [
        (TransientError("storage is unavailable"), Tries(), Retry(1.0, Tries(1, 1))),
        (TransientError("storage is still unavailable"), Tries(1, 999), Retry(60.0, Tries(1, 1_000))),
        (ObjectStoreUnavailableError("no answer"), Tries(2, 3), Retry(8.0, Tries(2, 4))),
        (DATABASE_UNAVAILABLE, Tries(3, 50), Retry(60.0, Tries(3, 51))),
        (ValueError("a bug"), Tries(1), Retry(1.0, Tries(2))),
        (ValueError("a bug"), Tries(2, 40), Retry(2.0, Tries(3, 40))),
        (NotYetError("no post"), Tries(1), Retry(1.0, Tries(2))),
        (ValueError("a bug"), Tries(3), GiveUp(DeadLetterReason.HANDLER_FAILED, "ValueError: a bug")),
        (
            UnreadableEventError(DeadLetterReason.NOT_JSON, "line 1"),
            Tries(),
            GiveUp(DeadLetterReason.NOT_JSON, "line 1"),
        ),
    ],
)
def test_retry_decision(error: Exception, tries: Tries, expected: Retry | GiveUp) -> None:
    assert retry_decision(error, tries, SETTINGS) == expected


def test_tries_while_most_events_fail_do_not_use_up_the_attempts() -> None:
    tries = Tries(3)

    for _ in range(100):
        decision = retry_decision(ValueError("read-only"), tries, SETTINGS, outage=True)
        assert isinstance(decision, Retry)
        tries = decision.tries

    assert tries == Tries(3, 100)


@pytest.mark.parametrize(
    "sqlstate", ["25006", "42501", "53100", "53200", "42P01", "42703", "28P01", "3D000", "58030", "57P01"]
)
def test_a_fault_of_the_database_itself_is_waited_for(sqlstate: str) -> None:
    assert is_transient(ProgrammingError("insert", None, PostgresError(sqlstate)))


@pytest.mark.parametrize("sqlstate", ["22P02", "23505", "42601", "22021"])
def test_a_fault_of_a_statement_is_not(sqlstate: str) -> None:
    assert not is_transient(ProgrammingError("insert", None, PostgresError(sqlstate)))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.ENOMEM, errno.EROFS])
def test_an_exhausted_machine_is_waited_for(number: int) -> None:
    assert is_transient(OSError(number, "exhausted"))
    assert not is_transient(OSError(errno.ENOENT, "no such file"))


def test_delays_double_up_to_the_maximum() -> None:
    assert [delay_before(attempt, SETTINGS) for attempt in (2, 3, 4, 8, 9, 10_000)] == [1, 2, 4, 60, 60, 60]


def test_retry_record_keeps_the_event_and_adds_tries_due_time_and_first_arrival() -> None:
    record = Record("posts.created", b"p1", b"{}", (("ce_id", b"1"), (ATTEMPT_HEADER, b"2")))

    first = retry_record(
        POSTS_CREATED, "detection", record, Retry(10.0, Tries(3, 7)), since_ms=1_700_000_000_000
    )
    second = retry_record(
        POSTS_CREATED,
        "detection",
        first,
        Retry(1.0, Tries(4, 7)),
        since_ms=since_of(first.headers, 1_800_000_000_000),
    )

    assert (first.topic, first.key, first.value) == ("posts.created.detection.retry", b"p1", b"{}")
    assert first.headers[0] == ("ce_id", b"1")
    assert [name for name, _ in first.headers].count(ATTEMPT_HEADER) == 1
    assert (tries_of(first.headers), tries_of(second.headers)) == (Tries(3, 7), Tries(4, 7))
    assert since_of(second.headers, 1_800_000_000_000) == 1_700_000_000_000
    assert 7.9 <= due_of(first.headers, time.time(), SETTINGS) - time.time() <= 12.1  # plus or minus 20 %


def test_record_without_retry_headers_is_the_first_attempt_and_due_at_once() -> None:
    assert tries_of([("ce_id", b"1")]) == Tries(1, 0)
    assert due_of([("ce_id", b"1")], NOW, SETTINGS) == 0
    assert since_of([("ce_id", b"1")], 5) == 5


@pytest.mark.parametrize("digits", [16, 400, 5_000])
def test_endless_numbers_in_headers_are_ignored(digits: int) -> None:
    headers = [(name, b"9" * digits) for name in (ATTEMPT_HEADER, WAITS_HEADER, DUE_HEADER, SINCE_HEADER)]

    assert tries_of(headers) == Tries()
    assert due_of(headers, NOW, SETTINGS) == 0
    assert since_of(headers, 5) == 5


def test_a_header_cannot_delay_a_record_for_longer_than_the_longest_delay() -> None:
    assert due_of([(DUE_HEADER, b"9" * 15)], NOW, SETTINGS) == pytest.approx(NOW + 72)


@given(
    st.dictionaries(st.sampled_from([ATTEMPT_HEADER, WAITS_HEADER, DUE_HEADER, SINCE_HEADER]), st.binary())
)
def test_no_header_raises(headers: dict[str, bytes]) -> None:
    pairs = list(headers.items())

    assert tries_of(pairs).attempt >= 1
    assert 0 <= due_of(pairs, NOW, SETTINGS) <= NOW + 72
    assert since_of(pairs, 5) <= 5
