"""Dead letters: a record that could not be read or handled, kept byte for byte, with why and where from.

Our marks follow the record's own headers, so that what a producer sent is never mistaken for them. Who
publishes dead letters (the loop, the tagging worker) and who replays them (the command) is not said here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.errors import PipelineError
from schemas.envelope import RawHeaders, Record
from schemas.errors import DeadLetterReason
from schemas.topics import DEAD_LETTERS, RETRY_SUFFIX

PREFIX = "fakeme-dlq-"
MAX_DETAIL = 2_000  # characters; with the largest record that a topic takes it still fits into a dead letter

_NAMES = ("reason", "detail", "topic", "partition", "offset", "timestamp-ms", "attempts", "dead-at")
_OWN_HEADERS = "fakeme-"  # marks of retries and dead letters; a replayed record starts without them


class NotADeadLetterError(PipelineError):
    """A record among the dead letters does not carry our marks."""


@dataclass(frozen=True)
class DeadLetter:
    """A buried record: ``record`` as it was read, where that was, and why it could not be answered."""

    record: Record
    partition: int
    offset: int
    timestamp_ms: int  # Unix time of the original record
    reason: DeadLetterReason
    detail: str
    attempts: int  # tries before it was given up, from 1
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
    """The record for the dead letters that keeps the one read at ``topic``/``partition``/``offset``.

    ``dead_at`` is the time of giving up, now unless said otherwise.
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
    marks = tuple((PREFIX + name, text.encode()) for name, text in zip(_NAMES, values, strict=True))
    return Record(DEAD_LETTERS.name, key, value, (*headers, *marks))


def parse(record: Record) -> DeadLetter:
    """What a record of the dead letters keeps; raises :class:`NotADeadLetterError` if it is none."""
    marks = record.headers[-len(_NAMES) :]
    if tuple(name for name, _ in marks) != tuple(PREFIX + name for name in _NAMES):
        raise NotADeadLetterError(
            f"the record ends with headers {[name for name, _ in marks]}, not with {PREFIX}… ones; "
            "something else than FakeME wrote to the dead letters"
        )
    try:
        said = {name.removeprefix(PREFIX): (raw or b"").decode() for name, raw in marks}
        return DeadLetter(
            record=Record(said["topic"], record.key, record.value, record.headers[: -len(_NAMES)]),
            partition=int(said["partition"]),
            offset=int(said["offset"]),
            timestamp_ms=int(said["timestamp-ms"]),
            reason=DeadLetterReason(said["reason"]),
            detail=said["detail"],
            attempts=int(said["attempts"]),
            dead_at=datetime.fromisoformat(said["dead-at"]),
        )
    except ValueError as error:  # no number, no time, or a reason of a newer version
        raise NotADeadLetterError(f"a {PREFIX}… header cannot be read: {error}") from error


def original(letter: DeadLetter) -> Record:
    """The record to publish again: to its first topic, without the marks of earlier tries and burials."""
    record = letter.record
    headers = tuple((name, raw) for name, raw in record.headers if not name.startswith(_OWN_HEADERS))
    return Record(record.topic.removesuffix(RETRY_SUFFIX), record.key, record.value, headers)
