"""Deletes expired rows of all tables, a little at a time, beside the publishing of messages."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter as MetricCounter
from sqlalchemy import Engine

from pipeline.settings import RetentionSettings
from storage.database import transaction
from storage.retention import CHUNK, Expiry, delete_chunk, expiries

INTERVAL_SECONDS = 3600.0  # between two rounds through all tables
# Of each second, messages wait for so long at most. A day of 100 posts a second takes minutes.
BUDGET_SECONDS = 0.2

PRUNED = MetricCounter("fakeme_pruned_rows_total", "Expired rows that were deleted.", ["table"])

log = structlog.get_logger(__name__)


def expiries_of(settings: RetentionSettings) -> tuple[Expiry, ...]:
    """Return what expires under these settings."""
    return expiries(
        **{
            name.removesuffix("_days"): timedelta(days=days)
            for name, days in settings.model_dump().items()
            if days is not None
        }
    )


class Pruner:
    """Goes through all tables, one after another, and starts again an hour later."""

    def __init__(self, engine: Engine, expiries: Sequence[Expiry]) -> None:
        self._engine = engine
        self._expiries = expiries
        self._remaining: list[Expiry] = []
        self._deleted: Counter[str] = Counter()
        self._next_round = 0.0

    def run(self, now: float) -> bool:
        """Delete rows for :data:`BUDGET_SECONDS`; return whether more are to be deleted now.

        ``now`` is a monotonic time in seconds.
        """
        if not self._remaining:
            if now < self._next_round:
                return False
            self._next_round = now + INTERVAL_SECONDS
            self._remaining = list(self._expiries)
        deadline = time.monotonic() + BUDGET_SECONDS
        while self._remaining and time.monotonic() < deadline:
            self._delete_chunk(self._remaining[0])
        if not self._remaining:
            log.info("retention.pruned", **self._deleted)
            self._deleted.clear()
        return bool(self._remaining)

    def _delete_chunk(self, expiry: Expiry) -> None:
        name = expiry.table.__tablename__
        with transaction(self._engine) as session:
            rows = delete_chunk(session, expiry)
        PRUNED.labels(name).inc(rows)
        self._deleted[name] += rows
        if rows < CHUNK:
            self._remaining.pop(0)
