"""Keeps the known media of a worker up to date, in a thread that PostgreSQL wakes, or else a timer."""

import threading
import time

import structlog
from prometheus_client import Gauge
from sqlalchemy import Engine

from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.errors import TransientError
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.retries import delay_before
from pipeline.settings import RetrySettings
from storage import known_media
from storage.database import transaction
from storage.notifications import Listener

POLL_SECONDS = 30.0  # for a notification that was lost
STOP_SECONDS = 0.5  # how often the thread looks whether it shall stop
PAGE = 10_000  # entries of one query

ENTRIES = Gauge("fakeme_known_media_entries", "Known media that this worker compares with.")
REFRESHED = Gauge("fakeme_known_media_refreshed_timestamp", "Unix time of the last read of known media.")

log = structlog.get_logger(__name__)


class KnownMediaNotLoadedError(TransientError):
    """The known media have not been read since the worker started, so a known deepfake could be missed."""


class KnownMediaFollower:
    """Reads all known media once, then what changes. :meth:`start` starts the thread."""

    def __init__(
        self, database_url: str, database: Engine, media: KnownMedia, *, retry: RetrySettings
    ) -> None:
        self._url = database_url
        self._database = database
        self.media = media
        self._retry = retry
        self._last = 0  # the number of the last change that was taken up
        self._loaded = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="known-media", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def failed(self) -> bool:
        """Whether an unknown error ended the thread, with a traceback in the log; only a restart helps."""
        started = self._thread.ident is not None
        return started and not self._thread.is_alive() and not self._stopping.is_set()

    def require_loaded(self) -> None:
        """Raise :class:`KnownMediaNotLoadedError` until the known media have been read once."""
        if not self._loaded.is_set():
            raise KnownMediaNotLoadedError("the known media are not read yet")

    def refresh(self) -> None:
        """Take up all changes since the last call."""
        while True:
            with transaction(self._database) as session:
                changed = known_media.changes(session, self._last, PAGE)
            self.media.apply(changed)
            if changed:
                self._last = changed[-1].change
            if len(changed) < PAGE:
                break
        self._loaded.set()
        ENTRIES.set(len(self.media))
        REFRESHED.set(time.time())

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                with Listener(self._url, known_media.CHANNEL) as listener:
                    self.refresh()
                    failures = 0
                    self._follow(listener)
            except Exception as error:
                if fault_of(error) is not Fault.OUTAGE:
                    raise
                failures += 1
                log.warning("known_media.waiting", error=str(error))
                self._stopping.wait(delay_before(failures + 1, self._retry))

    def _follow(self, listener: Listener) -> None:
        next_poll = time.monotonic() + POLL_SECONDS
        while not self._stopping.is_set():
            if listener.wait(STOP_SECONDS) or time.monotonic() >= next_poll:
                self.refresh()
                next_poll = time.monotonic() + POLL_SECONDS
