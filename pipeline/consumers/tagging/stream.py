"""The Faust application behind the tagging worker: what it reads, how it commits, when it is ready.

Kafka's side only; what becomes of a record is up to the agent that it is given. Faust's own acknowledgements
are off, since it acknowledges what an agent failed at, and what it skips or cancels while it rebalances or
stops. Here an offset is committed after its record was answered, and not before.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import faust
import structlog
from faust.types import TP

from pipeline.consumers.tagging.handler import TaggingHandler
from pipeline.consumers.tagging.subscriptions import SUBSCRIPTIONS
from pipeline.errors import TransientError
from pipeline.runtime.failures import ReceivedRecord
from schemas.envelope import Record
from schemas.topics import DEAD_LETTERS

log = structlog.get_logger(__name__)

COMMIT_SECONDS = 0.2  # what a kill -9 makes us do again
SESSION_SECONDS = 10.0  # how long the group waits for a member that died
BUFFERED = 256  # records read ahead of each agent: about a megabyte
MAX_REQUEST_BYTES = int(DEAD_LETTERS.config["max.message.bytes"])

PublishDeadLetter = Callable[[Record], Awaitable[None]]


class StreamLostError(TransientError):
    """Faust gave up, for example because the broker went away; a new start may succeed."""


class TaggingStream:
    """One run of the Faust application, inside a running event loop."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        make_handler: Callable[[PublishDeadLetter], TaggingHandler],
        *,
        instance: str | None,
    ) -> None:
        _hush()
        self._app = _make_app(bootstrap, group, instance)
        self._handler = make_handler(self._publish_dead_letter)
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self._failure: Exception | None = None
        self._done: dict[TP, int] = {}  # of each partition the offset behind the last answered record
        self._assigned = False
        self._turned = time.monotonic()
        for subscription in SUBSCRIPTIONS:
            name = subscription.topic.name
            source = self._app.topic(
                name, value_type=bytes, value_serializer="raw", key_serializer="raw", acks=False
            )
            self._app.agent(source, name=f"tagging.{name}")(self._answer_all)
        self._app.timer(COMMIT_SECONDS, name="commit")(self._turn)
        signals = cast(Any, self._app)  # their types demand arguments that are never sent
        signals.on_partitions_assigned.connect(self._on_assigned)
        signals.on_partitions_revoked.connect(self._on_revoked)

    @property
    def ready(self) -> bool:
        """Whether records are read, and none waits for a service that is away."""
        return self._assigned and not self._handler.waiting and not self._end.is_set()

    @property
    def turned(self) -> float:
        """When the event loop last turned, by the monotonic clock."""
        return self._turned

    def stop(self) -> None:
        """Ask :meth:`run` to return; from any thread or signal handler."""
        self._loop.call_soon_threadsafe(self._end.set)

    async def run(self) -> None:
        """Answer records until :meth:`stop`; raises what ended it otherwise."""
        try:
            await self._app.start()
            ends = [
                asyncio.ensure_future(self._end.wait()),
                asyncio.ensure_future(self._app.wait_until_stopped()),
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._end.is_set():
                await self._commit()
        finally:
            await self._app.stop()
        if self._failure is not None:
            raise self._failure
        if not self._end.is_set():
            raise StreamLostError(f"Faust stopped by itself: {self._app.crash_reason!r}")

    async def _answer_all(self, stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            received = ReceivedRecord(
                Record(message.topic, message.key, message.value, message.headers or ()),
                partition=message.partition,
                offset=message.offset,
                timestamp_ms=round(message.timestamp * 1000),
            )
            try:
                await self._handler.handle(received)
            except Exception as error:
                # Faust would go on behind this record, and its offset would be committed with the next.
                self._failure = error
                self._end.set()
                raise
            self._done[message.tp] = message.offset + 1

    async def _publish_dead_letter(self, letter: Record) -> None:
        headers = cast(Any, list(letter.headers))  # typed without null, which aiokafka does send
        await self._app.producer.send_and_wait(letter.topic, letter.key, letter.value, None, None, headers)

    async def _turn(self) -> None:
        self._turned = time.monotonic()
        await self._commit()

    async def _commit(self) -> None:
        done, self._done = self._done, {}
        if done:
            # The public commit() knows only of Faust's own acknowledgements.
            await cast(Any, self._app.consumer)._commit(done)

    async def _on_assigned(self, _: faust.App, assigned: set[TP], **__: Any) -> None:
        self._assigned = True
        log.info(
            "partitions.assigned", partitions=sorted(f"{part.topic}:{part.partition}" for part in assigned)
        )

    async def _on_revoked(self, _: faust.App, revoked: set[TP], **__: Any) -> None:
        """What is not committed of them yet will be read again; that changes nothing."""
        self._assigned = False
        self._done = {part: offset for part, offset in self._done.items() if part not in revoked}


def _hush() -> None:
    """Faust and its client tell every step of every start; what an operator must know is a warning."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _make_app(bootstrap: str, group: str, instance: str | None) -> faust.App:
    return faust.App(
        group,
        broker=[f"aiokafka://{server}" for server in bootstrap.split(",")],
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,  # topics are declared with their partitions before any worker starts
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=SESSION_SECONDS / 4,
        broker_request_timeout=30.0,  # Faust's 90 s would hide an outage
        producer_max_request_size=MAX_REQUEST_BYTES,
        stream_buffer_maxsize=BUFFERED,
    )
