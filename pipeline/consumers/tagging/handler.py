"""What the tagging worker does with one record: apply it, wait with it, or give it to the dead letters.

Knows nothing of Faust: the record comes from, and the dead letter goes to, whoever calls.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from pipeline.runtime import metrics
from pipeline.runtime.dead_letters import dead_letter
from pipeline.runtime.retries import GiveUp, delay_before, retry_decision
from pipeline.settings import RetrySettings
from schemas.envelope import Event, RawHeaders, Record, decode
from schemas.errors import DeadLetterReason

log = structlog.get_logger(__name__)

WORKER = "tagging"


@dataclass(frozen=True)
class Incoming:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    timestamp: float  # Unix time in seconds
    key: bytes | None
    value: bytes | None
    headers: RawHeaders


class TaggingHandler:
    """Answers records: ``apply`` writes an event to the database, ``publish`` publishes a dead letter."""

    def __init__(
        self,
        *,
        apply: Callable[[Event], Mapping[str, object]],
        publish: Callable[[Record], Awaitable[None]],
        retry: RetrySettings,
    ) -> None:
        self._apply = apply
        self._publish = publish
        self._retry = retry
        self._waiting = 0

    @property
    def waiting(self) -> bool:
        """Whether an event waits for a service that is away, and those behind it with it."""
        return self._waiting > 0

    async def answer(self, record: Incoming) -> None:
        """Returns once the event is in the database or among the dead letters, however long that takes.

        It is tried again in its place, not later: the next event of the same post must not overtake it.
        """
        attempt = 1
        while True:
            try:
                event = decode(record.headers, record.value)
                said = await asyncio.to_thread(self._apply, event)
            except Exception as error:  # noqa: BLE001 - the boundary where a retry is decided
                decided = retry_decision(error, attempt, self._retry)
                if isinstance(decided, GiveUp):
                    await self._give_up(record, decided, error, attempt)
                    return
                await self._wait(decided.delay, record, error)
                attempt += 1
            else:
                _tell(record, "answered", attempt, {"event_id": event.id, **said})
                return

    async def _give_up(self, record: Incoming, why: GiveUp, error: Exception, attempt: int) -> None:
        letter = dead_letter(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=round(record.timestamp * 1000),
            key=record.key,
            value=record.value,
            headers=record.headers,
            reason=why.reason,
            detail=why.detail,
            attempts=attempt,
        )
        await self._publish_until_taken(letter, record)
        metrics.DEAD_LETTERS.labels(WORKER, why.reason.value).inc()
        said: dict[str, object] = {"reason": why.reason.value, "error": why.detail}
        if why.reason is DeadLetterReason.HANDLER_FAILED:  # a fault of ours: the traceback is wanted
            said["exc_info"] = error
        _tell(record, "dead_letter", attempt, said)

    async def _publish_until_taken(self, letter: Record, record: Incoming) -> None:
        tries = 1
        while True:
            try:
                await self._publish(letter)
            except Exception as error:  # noqa: BLE001 - there is nowhere else to put it: never give up
                tries += 1
                await self._wait(delay_before(tries, self._retry), record, error)
            else:
                return

    async def _wait(self, delay: float, record: Incoming, error: Exception) -> None:
        metrics.RETRIES.labels(WORKER, record.topic).inc()
        log.warning(
            "event.waiting",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            delay=delay,
            error=f"{type(error).__name__}: {error}",
        )
        self._waiting += 1
        try:
            await asyncio.sleep(delay)
        finally:
            self._waiting -= 1


def _tell(record: Incoming, outcome: str, attempt: int, said: Mapping[str, object]) -> None:
    seconds = max(0.0, time.time() - record.timestamp)
    metrics.EVENTS.labels(WORKER, record.topic, outcome).inc()
    metrics.EVENT_SECONDS.labels(WORKER, record.topic).observe(seconds)
    log.info(
        "event",
        outcome=outcome,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "replace"),
        attempt=attempt,
        seconds=round(seconds, 4),
        **said,
    )
