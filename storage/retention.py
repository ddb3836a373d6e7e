"""Deletes rows that are older than they need to be: the only place that does.

Rows are deleted in small transactions, by an index on their time. One statement that deletes a day's rows
would run into its time limit, and fail in the same way for ever.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, inspect, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.tables import (
    AnalysisRow,
    Base,
    IdempotentRequest,
    MediaObject,
    OutboxRow,
    Post,
    PostOwner,
    Report,
    Verdict,
)

_NO_SYNC = {"synchronize_session": False}  # no deleted row is an object of the session
CHUNK = 5_000  # rows in one transaction: some 50 ms, so nobody waits for its locks


@dataclass(frozen=True)
class Expiry:
    """Rows of one table expire when ``time`` is longer ago than ``after``; NULL never expires."""

    time: InstrumentedAttribute[Any]
    after: timedelta

    @property
    def table(self) -> type[Base]:
        """The table."""
        return cast(type[Base], self.time.class_)


def expiries(
    *,
    outbox: timedelta,
    idempotency: timedelta,
    media_objects: timedelta,
    posts: timedelta | None = None,
    verdicts: timedelta | None = None,
    analyses: timedelta | None = None,
    reports: timedelta | None = None,
) -> tuple[Expiry, ...]:
    """Return what expires; None keeps a table for ever."""
    wanted = (
        (OutboxRow.published_at, outbox),
        (IdempotentRequest.at, idempotency),
        (MediaObject.seen_at, media_objects),
        (Post.seen_at, posts),
        (PostOwner.claimed_at, posts),
        (Verdict.issued_at, verdicts),
        (AnalysisRow.analysed_at, analyses),
        (Report.reported_at, reports),
    )
    return tuple(Expiry(time, after) for time, after in wanted if after is not None)


def delete_chunk(session: Session, expiry: Expiry) -> int:
    """Delete up to :data:`CHUNK` expired rows, the oldest first; return their number.

    Rows that another transaction has locked are left for the next call.
    """
    key = tuple_(*inspect(expiry.table).primary_key)
    old = (
        select(*inspect(expiry.table).primary_key)
        .where(expiry.time < func.now() - expiry.after)
        .order_by(expiry.time)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(delete(expiry.table).where(key.in_(old)), execution_options=_NO_SYNC)
    return cast(CursorResult[Any], result).rowcount
