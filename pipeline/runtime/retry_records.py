"""The format of records on retry topics: the event as it was read, with the state of its retries in headers.

Anybody who may write to a topic chooses these headers too. A value that FakeME would not have written is
ignored.
"""

import random

from pipeline.runtime.retries import Tries
from schemas.envelope import RawHeaders, Record

ATTEMPT_HEADER = "fakeme-attempt"  # number of the next attempt, from 1
WAITS_HEADER = "fakeme-waits"  # tries so far that an outage ended
DUE_HEADER = "fakeme-due-ms"  # Unix time before which the next try must not start
SINCE_HEADER = "fakeme-since-ms"  # Unix time at which the broker first received the event
_HEADERS = (ATTEMPT_HEADER, WAITS_HEADER, DUE_HEADER, SINCE_HEADER)

JITTER = 0.2  # spreads retries, so that they do not all reach a recovering service at once
MAX_ATTEMPT = 1_000  # the largest value of the setting for attempts
MAX_WAITS = 10_000_000  # 19 years of tries, one a minute
CLOCK_SKEW_MS = 600_000  # how much the clock of an event's producer may run ahead of FakeME's
_MAX_DIGITS = 15  # a Unix time in ms has 13; parsing thousands of digits would take time, or raise


def retry_record(topic: str, record: Record, *, since_ms: int, tries: Tries, due: float) -> Record:
    """Return ``record`` for the retry topic ``topic``, with the state of its next try.

    ``due`` is the Unix time in seconds before which that must not start.
    """
    kept = tuple((name, raw) for name, raw in record.headers if name not in _HEADERS)
    numbers = (tries.attempt, tries.waits, int(due * 1000), since_ms)
    added = tuple((name, str(number).encode()) for name, number in zip(_HEADERS, numbers, strict=True))
    return Record(topic, record.key, record.value, (*kept, *added))


def jittered(delay: float) -> float:
    """Return ``delay`` plus or minus up to 20 %."""
    return delay * (1 + random.uniform(-JITTER, JITTER))  # noqa: S311 - not for security


def tries_of(headers: RawHeaders) -> Tries:
    """Return the tries of a record with the next one; the first if it has no valid headers."""
    return Tries(
        _number(headers, ATTEMPT_HEADER, 1, MAX_ATTEMPT) or 1,
        _number(headers, WAITS_HEADER, 0, MAX_WAITS) or 0,
    )


def due_of(headers: RawHeaders, *, latest: float) -> float:
    """Return the Unix time in seconds before which the record must wait, at most ``latest``; 0 if none."""
    due_ms = _number(headers, DUE_HEADER, 0, 10**_MAX_DIGITS) or 0
    return min(due_ms / 1000, latest)


def since_of(headers: RawHeaders, timestamp_ms: int) -> int:
    """Return the Unix time in ms at which the broker first received the event.

    ``timestamp_ms`` is the time of the record itself, which cannot be much earlier.
    """
    since_ms = _number(headers, SINCE_HEADER, 0, timestamp_ms + CLOCK_SKEW_MS)
    return timestamp_ms if since_ms is None else since_ms


def _number(headers: RawHeaders, name: str, low: int, high: int) -> int | None:
    """Return the last value of a header if it is a number from ``low`` to ``high``."""
    raw = next((raw for header, raw in reversed(headers) if header == name), None)
    if raw is None or len(raw) > _MAX_DIGITS or not raw.isdigit():
        return None
    number = int(raw)
    return number if low <= number <= high else None
