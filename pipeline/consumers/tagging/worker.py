"""The tagging worker: runs the Faust stream, and restarts it after the broker or database was unavailable.

Faust reads the topics and keeps the events of a post in order (``stream``). Each event is retried until it is
in the database or in the dead-letter topic (``handler``). One transaction writes the state and the outbox row
(``ledger``); the outbox relay publishes the row.
"""

import asyncio
import contextlib
import queue
import time

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy import Engine

from pipeline.consumers.tagging.credentials import credentials
from pipeline.consumers.tagging.handler import TaggingHandler
from pipeline.consumers.tagging.ledger import TagLedger
from pipeline.consumers.tagging.stream import TaggingStream
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.pause import OutagePause
from pipeline.runtime.retries import delay_before
from pipeline.settings import Settings
from storage.database import connect, transaction, transaction_time

log = structlog.get_logger(__name__)

GROUP = "fakeme-tagging"
ALIVE_SECONDS = 60.0  # if the event loop does not run for longer, the worker is considered hung


def make_tagging(settings: Settings, *, group: str = GROUP) -> "Tagging":
    """Return the worker for these settings. It connects when it runs."""
    engine = connect(settings.database_url.get_secret_value(), application=GROUP)
    return Tagging(settings, engine, TagLedger(engine, source=settings.source), group)


class Tagging:
    """Runs until it is stopped. Retries while the broker or the database is unavailable."""

    def __init__(self, settings: Settings, engine: Engine, ledger: TagLedger, group: str) -> None:
        self._settings = settings
        self._engine = engine
        self._ledger = ledger
        self._group = group
        self._stream: TaggingStream | None = None
        self._stopping = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # safe to use in a signal handler
        self._idle_since = time.monotonic()

    def stop(self) -> None:
        """Ask the worker to finish the current event and return. Safe in any thread or signal handler."""
        self._stopping = True
        self._wake.put(None)
        if self._stream is not None:
            self._stream.stop()

    @property
    def ready(self) -> bool:
        """Whether partitions are assigned and no event waits for an unavailable service."""
        return self._stream is not None and self._stream.ready and not self._stopping

    @property
    def alive(self) -> bool:
        """Whether the event loop runs, or the worker waits to restart it."""
        limit = ALIVE_SECONDS + self._settings.retry.max_delay_seconds
        last_iteration = self._stream.last_iteration if self._stream is not None else self._idle_since
        return time.monotonic() - last_iteration < limit

    def run(self) -> None:
        """Run until :meth:`stop`. Raise errors that a retry would not fix."""
        failures = 0
        while not self._stopping:
            start = time.monotonic()
            try:
                asyncio.run(self._run_stream())
            except Exception as error:
                if fault_of(error) is not Fault.OUTAGE and not isinstance(
                    error, KafkaError | ConnectionError
                ):
                    raise
                failures = 1 if time.monotonic() - start > ALIVE_SECONDS else failures + 1
                self._back_off(delay_before(failures + 1, self._settings.retry), error)
        self._engine.dispose()

    async def _run_stream(self) -> None:
        await asyncio.to_thread(self._check_database)
        stream = TaggingStream(
            self._settings.kafka_bootstrap,
            self._group,
            lambda publish: TaggingHandler(
                apply=self._ledger.apply,
                publish=publish,
                pause=OutagePause("tagging", self._settings.consumption, self._settings.retry),
                retry=self._settings.retry,
            ),
            instance=self._settings.tagging.instance_id,
            credentials=credentials(self._settings.kafka),
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

    def _back_off(self, delay: float, error: Exception) -> None:
        self._idle_since = time.monotonic()
        log.warning("tagging.waiting", error=f"{type(error).__name__}: {error}", delay=delay)
        with contextlib.suppress(queue.Empty):  # the usual case: stop() was not called while waiting
            self._wake.get(timeout=delay)
