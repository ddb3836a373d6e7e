"""What becomes of an event whose handling failed: another try later, or the dead letters.

Transient failures (a service is away) are tried for as long as it takes, with growing delay, through the
topic's retry topic, so that nothing behind them waits. Failures for no known reason are tried a few times.
"""

import random
import time
from dataclasses import dataclass

from pipeline.errors import TransientError
from pipeline.settings import RetrySettings
from schemas.envelope import RawHeaders, Record
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.topics import Topic
from storage.errors import is_transient as storage_is_away

ATTEMPT_HEADER = "fakeme-attempt"  # the number of the try that comes next, from 2
DUE_HEADER = "fakeme-due-ms"  # Unix time before which the next try must not begin
SINCE_HEADER = (
    "fakeme-since-ms"  # Unix time at which the broker got the event first: somebody waits since then
)
_MARKS = (ATTEMPT_HEADER, DUE_HEADER, SINCE_HEADER)
_JITTER = 0.2  # spreads tries, so that a service that comes back is not hit by all at once


@dataclass(frozen=True)
class Retry:
    """Try again, not before ``delay`` seconds from now."""

    delay: float


@dataclass(frozen=True)
class GiveUp:
    """Give it to the dead letters."""

    reason: DeadLetterReason
    detail: str


def retry_decision(error: Exception, attempt: int, settings: RetrySettings) -> Retry | GiveUp:
    """What to do with an event whose try number ``attempt`` (from 1) ended in ``error``."""
    if isinstance(error, UnreadableEventError):
        return GiveUp(error.reason, error.detail)
    if is_transient(error) or attempt < settings.attempts:
        return Retry(delay_before(attempt + 1, settings))
    return GiveUp(DeadLetterReason.HANDLER_FAILED, f"{type(error).__name__}: {error}")


def is_transient(error: BaseException) -> bool:
    """Whether something that is needed is away, rather than the event being at fault."""
    return isinstance(error, TransientError) or storage_is_away(error)


def delay_before(attempt: int, settings: RetrySettings) -> float:
    """Seconds to wait before try number ``attempt`` (from 2): doubled each time, up to the maximum."""
    doublings = min(attempt - 2, 32)  # beyond that any delay is at its maximum, and floats overflow
    return min(settings.first_delay_seconds * 2.0**doublings, settings.max_delay_seconds)


def retry_record(topic: Topic, record: Record, *, since_ms: int, attempt: int, delay: float) -> Record:
    """``record`` for ``topic``'s retry topic, to be tried again in ``delay`` seconds, give or take."""
    spread = delay * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - no secret
    due_ms = int((time.time() + spread) * 1000)
    kept = tuple((name, raw) for name, raw in record.headers if name not in _MARKS)
    marks = zip(_MARKS, (str(number).encode() for number in (attempt, due_ms, since_ms)), strict=True)
    return Record(topic.retry, record.key, record.value, (*kept, *marks))


def attempt_of(headers: RawHeaders) -> int:
    """Which try a record is, from 1."""
    return _number(headers, ATTEMPT_HEADER, 1)


def due_of(headers: RawHeaders) -> float:
    """Unix time in seconds before which the record must wait; 0 if it need not."""
    return _number(headers, DUE_HEADER, 0) / 1000


def since_of(headers: RawHeaders, timestamp_ms: int) -> int:
    """Unix time in ms at which the broker got the event first; that of the record unless it was retried."""
    return _number(headers, SINCE_HEADER, timestamp_ms)


def _number(headers: RawHeaders, name: str, otherwise: int) -> int:
    texts = [raw for header, raw in headers if header == name]
    last = texts[-1] if texts else None
    return int(last) if last and last.isdigit() else otherwise
