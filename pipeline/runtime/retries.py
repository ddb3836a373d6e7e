"""Decides what follows a failed event: a retry or the dead-letter topic.

A transient failure (an unavailable service) is retried until the service is back, with increasing delay. Any
other failure is retried a few times. Retries wait in the worker's retry topic and block no other event.
"""

import random
import time
from dataclasses import dataclass

from pipeline.errors import TransientError
from pipeline.settings import RetrySettings
from schemas.envelope import RawHeaders, Record
from schemas.errors import DeadLetterReason, UnreadableEventError
from storage.errors import is_transient as is_transient_storage_error

ATTEMPT_HEADER = "fakeme-attempt"  # number of the next attempt, from 2
DUE_HEADER = "fakeme-due-ms"  # Unix time before which the next attempt must not start
SINCE_HEADER = "fakeme-since-ms"  # Unix time at which the broker first received the event
_RETRY_HEADERS = (ATTEMPT_HEADER, DUE_HEADER, SINCE_HEADER)
_JITTER = 0.2  # spreads retries, so that they do not all reach a recovering service at once


@dataclass(frozen=True)
class Retry:
    """Retry the event after ``delay`` seconds."""

    delay: float


@dataclass(frozen=True)
class GiveUp:
    """Send the event to the dead-letter topic."""

    reason: DeadLetterReason
    detail: str


def retry_decision(error: Exception, attempt: int, settings: RetrySettings) -> Retry | GiveUp:
    """Return what to do after attempt number ``attempt`` (from 1) failed with ``error``."""
    if isinstance(error, UnreadableEventError):
        return GiveUp(error.reason, error.detail)
    if is_transient(error) or attempt < settings.attempts:
        return Retry(delay_before(attempt + 1, settings))
    return GiveUp(DeadLetterReason.HANDLER_FAILED, f"{type(error).__name__}: {error}")


def is_transient(error: BaseException) -> bool:
    """Return whether a service was unavailable, as opposed to a problem with the event itself."""
    return isinstance(error, TransientError) or is_transient_storage_error(error)


def delay_before(attempt: int, settings: RetrySettings) -> float:
    """Return the seconds to wait before ``attempt`` (from 2): doubled each time, up to the maximum."""
    doublings = min(attempt - 2, 32)  # any delay has reached its maximum by then; more would overflow
    return min(settings.first_delay_seconds * 2.0**doublings, settings.max_delay_seconds)


def retry_record(topic: str, record: Record, *, since_ms: int, attempt: int, delay: float) -> Record:
    """Return ``record`` for the retry topic ``topic``, due in about ``delay`` seconds (with jitter)."""
    jittered_delay = delay * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - not for security
    due_ms = int((time.time() + jittered_delay) * 1000)
    kept = tuple((name, raw) for name, raw in record.headers if name not in _RETRY_HEADERS)
    values = (str(number).encode() for number in (attempt, due_ms, since_ms))
    return Record(topic, record.key, record.value, (*kept, *zip(_RETRY_HEADERS, values, strict=True)))


def attempt_of(headers: RawHeaders) -> int:
    """Return the attempt number of a record, from 1."""
    return _int_header(headers, ATTEMPT_HEADER, 1)


def due_of(headers: RawHeaders) -> float:
    """Return the Unix time in seconds before which the record must wait; 0 if it need not wait."""
    return _int_header(headers, DUE_HEADER, 0) / 1000


def since_of(headers: RawHeaders, timestamp_ms: int) -> int:
    """Return the Unix time in ms at which the broker first received the event.

    For a record that was never retried, this is its own ``timestamp_ms``.
    """
    return _int_header(headers, SINCE_HEADER, timestamp_ms)


def _int_header(headers: RawHeaders, name: str, default: int) -> int:
    values = [raw for header, raw in headers if header == name]
    last = values[-1] if values else None
    return int(last) if last and last.isdigit() else default
