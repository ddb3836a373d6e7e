"""The format of dead letters: the failed record byte for byte, with its position and the reason.

Our headers come after the record's own headers, so a producer's headers are never mistaken for ours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.errors import PipelineError
from schemas.envelope import RawHeaders, Record
from schemas.errors import DeadLetterReason
from schemas.topics import DEAD_LETTERS, origin_name

PREFIX = "fakeme-dlq-"
MAX_DETAIL = 2_000  # characters; leaves room for the largest record that a topic accepts

_NAMES = ("reason", "detail", "topic", "partition", "offset", "timestamp-ms", "attempts", "dead-at")
_OWN_HEADERS = "fakeme-"  # prefix of retry and dead-letter headers, which a replayed record must not have


class NotADeadLetterError(PipelineError):
    """A record in the dead-letter topic does not have our headers."""


@dataclass(frozen=True)
class DeadLetter:
    """A failed record: ``record`` as it was read, its position, and why it could not be handled."""

    record: Record
    partition: int
    offset: int
    timestamp_ms: int  # Unix time of the original record
    reason: DeadLetterReason
    detail: str
    attempts: int  # attempts before the event was given up, from 1
    dead_at: datetime


def dead_letter(
    *,
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
    key: bytes | None,
    value: bytes | None,
    headers: RawHeaders,
    reason: DeadLetterReason,
    detail: str,
    attempts: int,
    dead_at: datetime | None = None,
) -> Record:
    """Return the dead letter for the record that was read at ``topic``/``partition``/``offset``.

    ``dead_at`` is the time at which the event was given up; the default is now.
    """
    values = (
        reason.value,
        detail[:MAX_DETAIL],
        topic,
        str(partition),
        str(offset),
        str(timestamp_ms),
        str(attempts),
        (dead_at or datetime.now(UTC)).isoformat(),
    )
    added = tuple((PREFIX + name, text.encode()) for name, text in zip(_NAMES, values, strict=True))
    return Record(DEAD_LETTERS.name, key, value, (*headers, *added))


def parse(record: Record) -> DeadLetter:
    """Parse a record of the dead-letter topic; raise :class:`NotADeadLetterError` if it is not ours."""
    added = record.headers[-len(_NAMES) :]
    if tuple(name for name, _ in added) != tuple(PREFIX + name for name in _NAMES):
        raise NotADeadLetterError(
            f"the record ends with headers {[name for name, _ in added]}, not with {PREFIX}… headers; "
            "it was not written to the dead-letter topic by FakeME"
        )
    try:
        fields = {name.removeprefix(PREFIX): (raw or b"").decode() for name, raw in added}
        return DeadLetter(
            record=Record(fields["topic"], record.key, record.value, record.headers[: -len(_NAMES)]),
            partition=int(fields["partition"]),
            offset=int(fields["offset"]),
            timestamp_ms=int(fields["timestamp-ms"]),
            reason=DeadLetterReason(fields["reason"]),
            detail=fields["detail"],
            attempts=int(fields["attempts"]),
            dead_at=datetime.fromisoformat(fields["dead-at"]),
        )
    except ValueError as error:  # not a number, not a time, or a reason that a newer version added
        raise NotADeadLetterError(f"a {PREFIX}… header cannot be parsed: {error}") from error


def original(letter: DeadLetter) -> Record:
    """Return the record to publish again, to its original topic and without retry and dead-letter headers."""
    record = letter.record
    headers = tuple((name, raw) for name, raw in record.headers if not name.startswith(_OWN_HEADERS))
    return Record(origin_name(record.topic), record.key, record.value, headers)
