"""Stored reports, and the number of distinct reporters of a post in a time window."""

from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.posts import PostReported
from storage.postgres_text import replace_nul
from storage.tables import Report


def record(session: Session, event_id: str, source: str, report: PostReported, at: datetime) -> datetime:
    """Store a report that counts at time ``at``; return the time at which it counts.

    That is an earlier ``at`` if the event was stored before, so a repeated report counts as it did at first.
    """
    row = insert(Report).values(
        event_id=event_id,
        source=source,
        report_id=report.report_id,
        post_id=report.post_id,
        reporter_id=report.reporter_id,
        reason=report.reason.value,
        text=replace_nul(report.text),
        reported_at=at,
    )
    if session.execute(row.on_conflict_do_nothing().returning(Report.event_id)).first() is not None:
        return at
    stored = select(Report.reported_at).where(
        Report.event_id == event_id, Report.source == source, Report.post_id == report.post_id
    )
    return session.execute(stored).scalar_one()


def distinct_reporters(session: Session, post_id: str, since: datetime, until: datetime) -> int:
    """Return the number of distinct reporters of the post with ``since <= reported_at < until``."""
    query = select(func.count(distinct(Report.reporter_id))).where(
        Report.post_id == post_id, Report.reported_at >= since, Report.reported_at < until
    )
    return session.execute(query).scalar_one()
