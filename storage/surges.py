"""Stored surges of reports, so that no surge is published twice."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.moderation import ReportsSurged
from storage.tables import Surge


def surged_within(session: Session, post_id: str, since: datetime, until: datetime) -> bool:
    """Return whether the post has a surge between these times; blocks new ones until the commit."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"surge:{post_id}", 0))))
    query = select(Surge.surge_id).where(
        Surge.post_id == post_id, Surge.surged_at > since, Surge.surged_at < until
    )
    return session.execute(query.limit(1)).first() is not None


def record_surge(session: Session, surge: ReportsSurged) -> bool:
    """Store a surge; return false if it is already stored."""
    row = insert(Surge).values(
        surge_id=surge.surge_id, post_id=surge.post_id, reporters=surge.reporters, surged_at=surge.surged_at
    )
    return session.execute(row.on_conflict_do_nothing().returning(Surge.surge_id)).first() is not None
