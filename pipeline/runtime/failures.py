"""Gives up an event: the dead letter to publish and the log fields that explain it.

Used by every worker that reads events, whether it runs in the loop or in Faust.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.runtime import metrics
from pipeline.runtime.dead_letters import dead_letter
from pipeline.runtime.retries import GiveUp
from schemas.envelope import Record
from schemas.errors import DeadLetterReason

LogFields = Mapping[str, object]


@dataclass(frozen=True)
class ReceivedRecord:
    """A record with its position in the log, as a consumer read it."""

    record: Record
    partition: int
    offset: int
    timestamp_ms: int  # Unix time at which the broker first received the event


def give_up(
    received: ReceivedRecord, decision: GiveUp, error: Exception, *, worker: str, attempts: int
) -> tuple[Record, LogFields]:
    """Return the dead letter for ``received`` and the fields for its log line, and count it.

    ``attempts`` is the number of tries that failed, at least 1.
    """
    letter = dead_letter(
        topic=received.record.topic,
        partition=received.partition,
        offset=received.offset,
        timestamp_ms=received.timestamp_ms,
        key=received.record.key,
        value=received.record.value,
        headers=received.record.headers,
        reason=decision.reason,
        detail=decision.detail,
        attempts=attempts,
    )
    metrics.DEAD_LETTERS.labels(worker, decision.reason.value).inc()
    fields: dict[str, object] = {"reason": decision.reason.value, "error": decision.detail}
    if decision.reason is DeadLetterReason.HANDLER_FAILED:  # a bug of ours: log the traceback
        fields["exc_info"] = error
    return letter, fields
