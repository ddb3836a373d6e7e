"""The Faust application of the tagging worker: reads records, passes them to the handler, commits offsets.

Faust's own acknowledgements are disabled: Faust also acknowledges records that failed, and records that it
skips or cancels during a rebalance or a stop. Here an offset is committed only after its record was handled.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import faust
import structlog
from faust.auth import Credentials
from faust.types import TP

from pipeline.consumers.tagging.handler import TaggingHandler
from pipeline.consumers.tagging.subscriptions import SUBSCRIPTIONS
from pipeline.errors import TransientError
from pipeline.runtime.failures import ReceivedRecord
from schemas.envelope import Record
from schemas.topics import DEAD_LETTERS

log = structlog.get_logger(__name__)

COMMIT_SECONDS = 0.2  # a kill -9 repeats the work since the last commit
SESSION_SECONDS = 10.0  # after that, the group reassigns the partitions of a dead member
READ_AHEAD_RECORDS = 256  # per agent: about a megabyte
MAX_REQUEST_BYTES = int(DEAD_LETTERS.config["max.message.bytes"])

# Faust makes this folder although a worker without tables keeps nothing in it. By default it lies in the
# current folder, where a killed worker would leave it.
DATA_FOLDER = Path(tempfile.gettempdir()) / "fakeme-tagging"

PublishDeadLetter = Callable[[Record], Awaitable[None]]


class StreamLostError(TransientError):
    """Faust stopped, for example because the broker became unavailable. A restart may succeed."""


class TaggingStream:
    """One run of the Faust application. Create it inside a running event loop."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        make_handler: Callable[[PublishDeadLetter], TaggingHandler],
        *,
        instance: str | None,
        credentials: Credentials | None = None,
    ) -> None:
        _quiet_loggers()
        self._app = _make_app(bootstrap, group, instance, credentials)
        self._handler = make_handler(self._publish_dead_letter)
        self._loop = asyncio.get_running_loop()
        self._stop_event = asyncio.Event()
        self._failure: Exception | None = None
        self._uncommitted: dict[TP, int] = {}  # per partition: the next offset to read after a restart
        self._assigned = False
        self._last_iteration = time.monotonic()
        for subscription in SUBSCRIPTIONS:
            name = subscription.topic.name
            faust_topic = self._app.topic(
                name, value_type=bytes, value_serializer="raw", key_serializer="raw", acks=False
            )
            self._app.agent(faust_topic, name=f"tagging.{name}")(self._handle_records)
        self._app.timer(COMMIT_SECONDS, name="commit")(self._on_commit_timer)
        signals = cast(Any, self._app)  # the declared types require arguments that Faust never passes
        signals.on_partitions_assigned.connect(self._on_assigned)
        signals.on_partitions_revoked.connect(self._on_revoked)

    @property
    def ready(self) -> bool:
        """Whether partitions are assigned and no event waits for an unavailable service."""
        return self._assigned and not self._handler.waiting and not self._stop_event.is_set()

    @property
    def last_iteration(self) -> float:
        """The monotonic time at which the event loop last ran the commit timer."""
        return self._last_iteration

    def stop(self) -> None:
        """Ask :meth:`run` to return. Safe to call from any thread or signal handler."""
        self._loop.call_soon_threadsafe(self._stop_event.set)

    async def run(self) -> None:
        """Handle records until :meth:`stop`. Raise the error that ended the run before that."""
        try:
            await self._app.start()
            end_conditions = [
                asyncio.ensure_future(self._stop_event.wait()),
                asyncio.ensure_future(self._app.wait_until_stopped()),
            ]
            await asyncio.wait(end_conditions, return_when=asyncio.FIRST_COMPLETED)
            if self._stop_event.is_set():
                await self._commit()
        finally:
            await self._app.stop()
        if self._failure is not None:
            raise self._failure
        if not self._stop_event.is_set():
            raise StreamLostError(f"Faust stopped unexpectedly: {self._app.crash_reason!r}")

    async def _handle_records(self, stream: Any) -> None:
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
                # Stop: Faust would go on with the next record, and its commit would skip this one.
                self._failure = error
                self._stop_event.set()
                raise
            self._uncommitted[message.tp] = message.offset + 1

    async def _publish_dead_letter(self, letter: Record) -> None:
        headers = cast(
            Any, list(letter.headers)
        )  # the declared type forbids None values, but aiokafka sends them
        await self._app.producer.send_and_wait(letter.topic, letter.key, letter.value, None, None, headers)

    async def _on_commit_timer(self) -> None:
        self._last_iteration = time.monotonic()
        await self._commit()

    async def _commit(self) -> None:
        positions, self._uncommitted = self._uncommitted, {}
        if positions:
            # The public commit() only commits offsets that Faust itself acknowledged.
            await cast(Any, self._app.consumer)._commit(positions)

    async def _on_assigned(self, _: faust.App, assigned: set[TP], **__: Any) -> None:
        self._assigned = True
        log.info(
            "partitions.assigned", partitions=sorted(f"{part.topic}:{part.partition}" for part in assigned)
        )

    async def _on_revoked(self, _: faust.App, revoked: set[TP], **__: Any) -> None:
        """Forget uncommitted positions: the next owner handles the records again, which changes nothing."""
        self._assigned = False
        self._uncommitted = {
            part: offset for part, offset in self._uncommitted.items() if part not in revoked
        }


def _quiet_loggers() -> None:
    """Log only the warnings of Faust and its Kafka client; they log every step of a start as info."""
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _App(faust.App):
    def _create_directories(self) -> None:
        """Create none. Faust would leave its data folder in the current one, and the store is in memory."""


def _make_app(bootstrap: str, group: str, instance: str | None, credentials: Credentials | None) -> faust.App:
    return _App(
        group,
        broker=[f"aiokafka://{server}" for server in bootstrap.split(",")],
        broker_credentials=credentials,
        store="memory://",
        datadir=DATA_FOLDER,
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,  # declared before any worker starts, with their partitions
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=SESSION_SECONDS / 4,
        broker_request_timeout=30.0,  # the default of 90 s would hide an outage
        producer_max_request_size=MAX_REQUEST_BYTES,
        stream_buffer_maxsize=READ_AHEAD_RECORDS,
    )
