"""Decides what follows a failed event: a retry or the dead-letter topic.

During an outage (an unavailable service, or most events fail) an event is retried until the outage is over,
with increasing delay, and these tries do not count. Any other failure is retried a few times. Retries wait in
the worker's own retry topic and block no other event.
"""

import errno
import random
import time
from dataclasses import dataclass

from pipeline.errors import NotYetError, TransientError
from pipeline.settings import RetrySettings
from schemas.envelope import RawHeaders, Record
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.topics import Topic, retry_name
from storage.errors import is_transient as is_transient_storage_error

ATTEMPT_HEADER = "fakeme-attempt"  # number of the next attempt that counts, from 2
WAITS_HEADER = "fakeme-waits"  # how often the event waited for the end of an outage
DUE_HEADER = "fakeme-due-ms"  # Unix time before which the next attempt must not start
SINCE_HEADER = "fakeme-since-ms"  # Unix time at which the broker first received the event
_RETRY_HEADERS = (ATTEMPT_HEADER, WAITS_HEADER, DUE_HEADER, SINCE_HEADER)
_JITTER = 0.2  # spreads retries, so that they do not all reach a recovering service at once
_MAX_DIGITS = 15  # of a number in a header: Unix time in ms has 13
# The machine has run out of something that all events need.
_EXHAUSTED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS})


@dataclass(frozen=True)
class Tries:
    """How often an event was tried: ``attempt`` counts from 1, ``waits`` are tries during outages."""

    attempt: int = 1
    waits: int = 0


@dataclass(frozen=True)
class Retry:
    """Retry the event after ``delay`` seconds, with these tries behind it."""

    delay: float
    tries: Tries


@dataclass(frozen=True)
class GiveUp:
    """Send the event to the dead-letter topic."""

    reason: DeadLetterReason
    detail: str


def retry_decision(
    error: Exception, tries: Tries, settings: RetrySettings, *, outage: bool = False
) -> Retry | GiveUp:
    """Return what to do after a try failed with ``error``; ``outage``: most other events fail too."""
    if isinstance(error, UnreadableEventError):
        return GiveUp(error.reason, error.detail)
    if outage or is_transient(error):
        waited = Tries(tries.attempt, tries.waits + 1)
        return Retry(delay_before(waited.waits + 1, settings), waited)
    if tries.attempt < settings.attempts:
        attempted = Tries(tries.attempt + 1, tries.waits)
        return Retry(delay_before(attempted.attempt, settings), attempted)
    return GiveUp(DeadLetterReason.HANDLER_FAILED, f"{type(error).__name__}: {error}")


def is_transient(error: BaseException) -> bool:
    """Return whether a service or the machine failed, as opposed to a problem with the event itself."""
    if isinstance(error, NotYetError):
        return False
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return True
    return isinstance(error, TransientError) or is_transient_storage_error(error)


def concerns_all_events(error: Exception) -> bool:
    """Return whether the failure may be one of the environment; then the circuit breaker counts it."""
    return not isinstance(error, UnreadableEventError | NotYetError)


def delay_before(attempt: int, settings: RetrySettings) -> float:
    """Return the seconds to wait before ``attempt`` (from 2): doubled each time, up to the maximum."""
    doublings = min(attempt - 2, 32)  # any delay has reached its maximum by then; more would overflow
    return min(settings.first_delay_seconds * 2.0**doublings, settings.max_delay_seconds)


def retry_record(topic: Topic, worker: str, record: Record, retry: Retry, *, since_ms: int) -> Record:
    """Return ``record`` for the worker's retry topic, due after about the delay (with jitter)."""
    jittered_delay = retry.delay * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - not for security
    due_ms = int((time.time() + jittered_delay) * 1000)
    kept = tuple((name, raw) for name, raw in record.headers if name not in _RETRY_HEADERS)
    numbers = (retry.tries.attempt, retry.tries.waits, due_ms, since_ms)
    added = zip(_RETRY_HEADERS, (str(number).encode() for number in numbers), strict=True)
    return Record(retry_name(topic, worker), record.key, record.value, (*kept, *added))


def tries_of(headers: RawHeaders) -> Tries:
    """Return how often a record was tried before."""
    return Tries(max(1, _int_header(headers, ATTEMPT_HEADER, 1)), _int_header(headers, WAITS_HEADER, 0))


def due_of(headers: RawHeaders, now: float, settings: RetrySettings) -> float:
    """Return the Unix time in seconds before which the record must wait; 0 if it need not wait.

    A header can make a record wait for the longest delay at most.
    """
    latest = now + settings.max_delay_seconds * (1 + _JITTER)
    return min(_int_header(headers, DUE_HEADER, 0) / 1000, latest)


def since_of(headers: RawHeaders, timestamp_ms: int) -> int:
    """Return the Unix time in ms at which the broker first received the event.

    For a record that was never retried, this is its own ``timestamp_ms``; it is never later.
    """
    return min(_int_header(headers, SINCE_HEADER, timestamp_ms), timestamp_ms)


def _int_header(headers: RawHeaders, name: str, default: int) -> int:
    """Return the last value of a header; ``default`` if it is missing or no sane number."""
    values = [raw for header, raw in headers if header == name]
    last = values[-1] if values else None
    return int(last) if last and last.isdigit() and len(last) <= _MAX_DIGITS else default
