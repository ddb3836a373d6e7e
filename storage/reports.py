"""Users' reports, and how many people reported a post within a time."""

from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.posts import PostReported
from storage.documents import clean
from storage.tables import Report


def record_report(session: Session, event_id: str, report: PostReported) -> bool:
    """Keep a report under the id of its event; false if that event was recorded before, by whomever."""
    row = insert(Report).values(
        event_id=event_id,
        report_id=report.report_id,
        post_id=report.post_id,
        reporter_id=report.reporter_id,
        reason=report.reason.value,
        text=clean(report.text),
        reported_at=report.reported_at,
    )
    return session.execute(row.on_conflict_do_nothing().returning(Report.event_id)).first() is not None


def distinct_reporters(session: Session, post_id: str, since: datetime, until: datetime) -> int:
    """How many different people reported the post at ``since <= reported_at < until``."""
    query = select(func.count(distinct(Report.reporter_id))).where(
        Report.post_id == post_id, Report.reported_at >= since, Report.reported_at < until
    )
    return session.execute(query).scalar_one()
