"""Deletes rows that are older than their table's retention, in short transactions that delay nobody.

Tables that are not listed here keep their rows. Moderators' records (cases, decisions, audit) answer for what
was done, and manifests for what was made: a file carries its watermark for ever. Tags and owners are the
state of a post, and an owner that is forgotten could be replaced.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Select, any_, delete, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storage.database import transaction
from storage.tables import (
    AnalysisRow,
    IdempotentRequest,
    MediaObject,
    OutboxRow,
    Post,
    Report,
    Surge,
    Verdict,
)

CHUNK = 5_000  # rows deleted in one transaction, which takes some 50 ms

# The time that a row's age is counted from. Each of these columns has an index.
AGES: dict[str, InstrumentedAttribute[Any]] = {
    "outbox": OutboxRow.published_at,  # a message that was not published has no age
    "idempotent_requests": IdempotentRequest.at,
    "media_objects": MediaObject.seen_at,
    "media_analyses": AnalysisRow.analysed_at,
    "posts": Post.seen_at,
    "reports": Report.reported_at,
    "surges": Surge.surged_at,
    "verdicts": Verdict.issued_at,
}


def prune(
    engine: Engine,
    table: str,
    *,
    older_than: timedelta,
    chunk: int = CHUNK,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Delete the rows of ``table``, a key of :data:`AGES`, that are older than ``older_than``.

    Each ``chunk`` rows are a transaction of their own. Rows that another transaction has locked are skipped.
    Return the number of deleted rows, also if ``stopping`` became true between two chunks.
    """
    rows, after = 0, None
    while not stopping():
        with transaction(engine) as session:
            times = delete_chunk(session, table, older_than=older_than, after=after, limit=chunk)
        rows += len(times)
        if len(times) < chunk:
            break
        after = max(times)
    return rows


def delete_chunk(
    session: Session, table: str, *, older_than: timedelta, after: datetime | None, limit: int
) -> list[datetime]:
    """Delete the oldest rows at or after ``after``, at most ``limit``; return their times.

    With ``after``, the index is not read again from its start, where the deleted rows of earlier chunks are
    until a vacuum.
    """
    age = AGES[table]
    old = aliased(age.class_, name="old")
    time = getattr(old, age.key)
    oldest: Select[Any] = select(literal_column("old.ctid")).where(time < func.now() - older_than)
    if after is not None:
        oldest = oldest.where(time >= after)
    oldest = oldest.order_by(time).limit(limit).with_for_update(skip_locked=True)
    # An array of row addresses is read directly; a join with them could scan the table.
    rows = any_(func.array(oldest.scalar_subquery()))
    statement = delete(age.class_).where(literal_column(f"{table}.ctid") == rows).returning(age)
    return list(session.scalars(statement.execution_options(synchronize_session=False)))
