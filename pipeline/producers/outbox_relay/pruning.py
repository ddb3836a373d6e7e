"""Deletes rows whose retention has passed, in a thread of the relay: the place that prunes all tables."""

import threading
from collections.abc import Mapping
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import Engine

from pipeline.runtime.faults import Fault, fault_of
from pipeline.settings import RetentionSettings
from storage import idempotency, retention

PRUNE_SECONDS = 300.0  # many small prunings rather than a large one; 30,000 rows at 100 posts a second

PRUNED = Counter("fakeme_rows_pruned_total", "Rows deleted because their retention has passed.", ["table"])

log = structlog.get_logger(__name__)


def retentions(settings: RetentionSettings) -> dict[str, timedelta]:
    """Return how long each table keeps its rows; tables that keep them for ever are left out."""
    days = {
        "outbox": settings.outbox_days,
        "media_objects": settings.media_objects_days,
        "media_analyses": settings.analyses_days,
        "posts": settings.posts_days,
        "reports": settings.reports_days,
        "surges": settings.reports_days,
        "verdicts": settings.verdicts_days,
    }
    limited = {table: timedelta(days=number) for table, number in days.items() if number}
    return {"idempotent_requests": idempotency.KEPT_FOR, **limited}


class Pruning:
    """Prunes at once and then every :data:`PRUNE_SECONDS`, so that no pruning delays a message."""

    def __init__(self, engine: Engine, kept_for: Mapping[str, timedelta]) -> None:
        self._engine = engine
        self._kept_for = kept_for
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pruning", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current chunk, and wait for it."""
        self._stopping.set()
        self._thread.join()

    @property
    def failed(self) -> bool:
        """Whether an unknown error ended the thread, with a traceback in the log; only a restart helps."""
        started = self._thread.ident is not None
        return started and not self._thread.is_alive() and not self._stopping.is_set()

    def prune_all(self) -> None:
        """Prune each table; after an outage of the database, the next call continues."""
        for table, kept_for in self._kept_for.items():
            try:
                rows = retention.prune(
                    self._engine, table, older_than=kept_for, stopping=self._stopping.is_set
                )
            except Exception as error:
                if fault_of(error) is not Fault.OUTAGE:
                    raise
                log.warning("pruning.postponed", table=table, error=str(error))
                return
            if rows:
                PRUNED.labels(table).inc(rows)
                log.info("pruning.done", table=table, rows=rows)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.prune_all()
            self._stopping.wait(PRUNE_SECONDS)
