"""The headers of records on retry topics, which anybody who may write to a topic chooses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.retries import Tries
from pipeline.runtime.retry_records import (
    ATTEMPT_HEADER,
    CLOCK_SKEW_MS,
    DUE_HEADER,
    MAX_ATTEMPT,
    MAX_WAITS,
    SINCE_HEADER,
    WAITS_HEADER,
    due_of,
    retry_record,
    since_of,
    tries_of,
)
from schemas.envelope import Record

TOPIC = "posts.created.detection.retry"
NOW_MS = 1_795_402_800_000
NAMES = [ATTEMPT_HEADER, WAITS_HEADER, DUE_HEADER, SINCE_HEADER, "ce_id"]
VALUES = st.none() | st.binary(max_size=20) | st.integers(-(10**20), 10**20).map(lambda n: str(n).encode())
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8).map(tuple)


def test_record_keeps_the_event_and_gets_the_state_of_its_next_try() -> None:
    record = Record("posts.created", b"p1", b"{}", (("ce_id", b"1"), (ATTEMPT_HEADER, b"2")))

    waiting = retry_record(TOPIC, record, since_ms=NOW_MS, tries=Tries(3, waits=7), due=1_795_402_810.5)

    assert (waiting.topic, waiting.key, waiting.value) == (TOPIC, b"p1", b"{}")
    assert waiting.headers[0] == ("ce_id", b"1")
    assert [name for name, _ in waiting.headers].count(ATTEMPT_HEADER) == 1
    assert tries_of(waiting.headers) == Tries(3, waits=7)
    assert due_of(waiting.headers, latest=2e9) == 1_795_402_810.5
    assert since_of(waiting.headers, NOW_MS + 5) == NOW_MS


@pytest.mark.parametrize("raw", [b"", None, b"-1", b"2e3", b"1" * 16, b"9" * 400, b"9" * 5_000, "٣".encode()])
def test_header_that_is_no_sane_number_is_ignored(raw: bytes | None) -> None:
    headers = [(name, raw) for name in NAMES]

    assert tries_of(headers) == Tries()
    assert due_of(headers, latest=2e9) == 0
    assert since_of(headers, NOW_MS) == NOW_MS


def test_due_time_is_bounded_by_the_longest_delay() -> None:
    assert due_of([(DUE_HEADER, b"9" * 15)], latest=1_795_402_872.0) == 1_795_402_872.0


@given(HEADERS, st.integers(-1, 2**63 - 1), st.floats(0, 2e9))
def test_any_headers_give_bounded_numbers(
    headers: tuple[tuple[str, bytes | None], ...], timestamp_ms: int, latest: float
) -> None:
    tries = tries_of(headers)

    assert 1 <= tries.attempt <= MAX_ATTEMPT
    assert 0 <= tries.waits <= MAX_WAITS
    assert 0 <= due_of(headers, latest=latest) <= latest
    assert since_of(headers, timestamp_ms) <= timestamp_ms + CLOCK_SKEW_MS
