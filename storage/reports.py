"""Stored reports, and the number of distinct reporters of a post in a time window."""

from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.posts import PostReported
from storage.postgres_text import replace_nul
from storage.tables import Report


def record_report(session: Session, event_id: str, report: PostReported) -> bool:
    """Store a report under its event id; return false if any worker has already stored that event."""
    row = insert(Report).values(
        event_id=event_id,
        report_id=report.report_id,
        post_id=report.post_id,
        reporter_id=report.reporter_id,
        reason=report.reason.value,
        text=replace_nul(report.text),
        reported_at=report.reported_at,
    )
    return session.execute(row.on_conflict_do_nothing().returning(Report.event_id)).first() is not None


def distinct_reporters(session: Session, post_id: str, since: datetime, until: datetime) -> int:
    """Return the number of distinct reporters of the post with ``since <= reported_at < until``."""
    query = select(func.count(distinct(Report.reporter_id))).where(
        Report.post_id == post_id, Report.reported_at >= since, Report.reported_at < until
    )
    return session.execute(query).scalar_one()
