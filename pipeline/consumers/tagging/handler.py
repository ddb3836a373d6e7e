"""Handles one record of the tagging worker: applies it, waits and retries, or sends it to the dead letters.

Independent of Faust, which delivers the records and publishes the dead letters.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer
from pipeline.runtime.failures import LogFields, ReceivedRecord, give_up
from pipeline.runtime.pause import OutagePause
from pipeline.runtime.retries import GiveUp, Tries, delay_before, retry_decision
from pipeline.settings import RetrySettings
from schemas.envelope import Event, Record, decode

log = structlog.get_logger(__name__)

WORKER = "tagging"


class TaggingHandler:
    """Handles records. ``apply`` writes an event to the database, ``publish`` publishes a dead letter.

    While ``pause`` is active, because most events fail, each waits in place and none is given up.
    """

    def __init__(
        self,
        *,
        apply: Callable[[Event], LogFields],
        publish: Callable[[Record], Awaitable[None]],
        pause: OutagePause,
        retry: RetrySettings,
    ) -> None:
        self._apply = apply
        self._publish = publish
        self._pause = pause
        self._retry = retry
        self._waiting = 0

    @property
    def waiting(self) -> bool:
        """Whether an event, and all events behind it, waits for an unavailable service."""
        return self._waiting > 0

    async def handle(self, received: ReceivedRecord) -> None:
        """Return once the event is in the database or in the dead letters, however long that takes.

        A failed event is retried in place, so that later events of the same post cannot overtake it.
        """
        tries = Tries()
        place = (received.record.topic, received.partition, received.offset)
        while True:
            self._pause.start(place)
            try:
                event = decode(received.record.headers, received.record.value)
                fields = await asyncio.to_thread(self._apply, event)
            except Exception as error:  # noqa: BLE001 - the boundary where failures become retries
                self._pause.record(time.monotonic(), place, error)
                decision = retry_decision(error, tries, self._retry, paused=self._pause.active)
                if isinstance(decision, GiveUp):
                    letter, fields = give_up(received, decision, error, worker=WORKER, attempts=tries.total)
                    await self._publish_dead_letter(letter, received)
                    _log_outcome(received, "dead_letter", tries, fields)
                    return
                await self._wait(decision.delay, received, error)
                tries = tries.after(decision)
            else:
                self._pause.record(time.monotonic(), place, Answer())
                _log_outcome(received, "answered", tries, {"event_id": event.id, **fields})
                return

    async def _publish_dead_letter(self, letter: Record, received: ReceivedRecord) -> None:
        """Publish ``letter``, trying until the broker takes it: there is no other place for the event."""
        attempt = 1
        while True:
            try:
                await self._publish(letter)
            except Exception as error:  # noqa: BLE001 - any failure is retried
                attempt += 1
                await self._wait(delay_before(attempt, self._retry), received, error)
            else:
                return

    async def _wait(self, delay: float, received: ReceivedRecord, error: Exception) -> None:
        metrics.RETRIES.labels(WORKER, received.record.topic).inc()
        log.warning(
            "event.waiting",
            topic=received.record.topic,
            partition=received.partition,
            offset=received.offset,
            delay=delay,
            error=f"{type(error).__name__}: {error}",
        )
        self._waiting += 1
        try:
            await asyncio.sleep(delay)
        finally:
            self._waiting -= 1


def _log_outcome(received: ReceivedRecord, outcome: str, tries: Tries, fields: LogFields) -> None:
    record = received.record
    seconds = max(0.0, time.time() - received.timestamp_ms / 1000)
    metrics.EVENTS.labels(WORKER, record.topic, outcome).inc()
    if outcome == "answered":
        metrics.EVENT_SECONDS.labels(WORKER, record.topic).observe(seconds)
    log.info(
        "event",
        outcome=outcome,
        topic=record.topic,
        partition=received.partition,
        offset=received.offset,
        key=(record.key or b"").decode("utf-8", "replace"),
        attempt=tries.total,
        seconds=round(seconds, 4),
        **fields,
    )
