"""The tagging worker, on Faust: verdicts, decisions and reports in, the post's tag and surges out.

State and what it announces go to PostgreSQL together (``tag_ledger``); the relay publishes. Faust reads the
topics and keeps a post's events in order (``tagging_stream``); each is tried until it is in the database or
among the dead letters (``tagging_agent``). Here is the worker around them, and what it waits for.
"""

import asyncio
import contextlib
import queue
import time
from datetime import timedelta

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy import Engine

from pipeline.consumers.tagging.handler import TaggingHandler
from pipeline.consumers.tagging.ledger import TagLedger
from pipeline.consumers.tagging.stream import TaggingStream
from pipeline.runtime.retries import delay_before, is_transient
from pipeline.settings import Settings
from storage.database import connect, transaction, transaction_time

log = structlog.get_logger(__name__)

GROUP = "fakeme-tagging"
ALIVE_SECONDS = 60.0  # without a turn of the event loop for so long, a restart would help


def make_tagging(settings: Settings, *, group: str = GROUP) -> "Tagging":
    """The worker of these settings; it connects when it runs."""
    engine = connect(settings.database_url.get_secret_value(), application=GROUP)
    ledger = TagLedger(
        engine,
        source=settings.source,
        surge_window=timedelta(seconds=settings.moderation.surge_window_seconds),
        surge_reporters=settings.moderation.surge_reporters,
    )
    return Tagging(settings, engine, ledger, group)


class Tagging:
    """Runs until it is told to stop; waits for broker and database, whenever they are away."""

    def __init__(self, settings: Settings, engine: Engine, ledger: TagLedger, group: str) -> None:
        self._settings = settings
        self._engine = engine
        self._ledger = ledger
        self._group = group
        self._stream: TaggingStream | None = None
        self._stopping = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # may be put to by a signal handler
        self._idle_since = time.monotonic()

    def stop(self) -> None:
        """Ask the worker to finish the event in hand and return; from any thread or signal handler."""
        self._stopping = True
        self._wake.put(None)
        if self._stream is not None:
            self._stream.stop()

    @property
    def ready(self) -> bool:
        """Whether events are read, and none waits for a service that is away."""
        return self._stream is not None and self._stream.ready and not self._stopping

    @property
    def alive(self) -> bool:
        """Whether the event loop turns, or waits for a service."""
        patience = ALIVE_SECONDS + self._settings.retry.max_delay_seconds
        turned = self._stream.turned if self._stream is not None else self._idle_since
        return time.monotonic() - turned < patience

    def run(self) -> None:
        """Tag until :meth:`stop`; raises what another try would not change."""
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            try:
                asyncio.run(self._serve())
            except Exception as error:
                if not (is_transient(error) or isinstance(error, KafkaError | ConnectionError)):
                    raise
                failures = 1 if time.monotonic() - began > ALIVE_SECONDS else failures + 1
                self._stand_back(delay_before(failures + 1, self._settings.retry), error)
        self._engine.dispose()

    async def _serve(self) -> None:
        await asyncio.to_thread(self._check_database)
        stream = TaggingStream(
            self._settings.kafka_bootstrap,
            self._group,
            lambda publish: TaggingHandler(
                apply=self._ledger.apply, publish=publish, retry=self._settings.retry
            ),
            instance=self._settings.tagging.instance_id,
        )
        self._stream = stream
        try:
            if not self._stopping:
                await stream.run()
        finally:
            self._stream, self._idle_since = None, time.monotonic()

    def _check_database(self) -> None:
        with transaction(self._engine) as session:
            transaction_time(session)

    def _stand_back(self, delay: float, error: Exception) -> None:
        self._idle_since = time.monotonic()
        log.warning("tagging.waiting", error=f"{type(error).__name__}: {error}", delay=delay)
        with contextlib.suppress(queue.Empty):  # the usual case: nobody asks to stop
            self._wake.get(timeout=delay)
