"""Stores a report, and announces the surge that it completes, in the transaction of the case's change."""

from sqlalchemy.orm import Session

from pipeline.consumers.moderation.surges import SurgeRule, counted_at, detect_surge, surge_window
from schemas.envelope import encode
from schemas.moderation import ReportsSurged
from schemas.posts import PostReported
from storage import outbox, reports
from storage.database import transaction_time
from storage.signals import Signal
from storage.surges import record_surge, surged_within


def count_report(
    session: Session, signal: Signal, report: PostReported, rule: SurgeRule, *, source: str
) -> ReportsSurged | None:
    """Return the surge that this report completes; None if it completes none, or none that is new.

    ``signal`` is the report's own; ``source`` is the CloudEvents source of the announcement.
    """
    at = counted_at(report.reported_at, transaction_time(session))
    at = reports.record(session, signal.event_id, signal.source, report, at)
    if surged_within(session, report.post_id, at - rule.window, at + rule.window):
        return None
    reporters = reports.distinct_reporters(session, report.post_id, *surge_window(at, rule.window))
    surge = detect_surge(report.post_id, at, reporters=reporters, rule=rule)
    if surge is None or not record_surge(session, surge):
        return None
    message = encode(surge, id=str(surge.surge_id), source=source, key=surge.post_id, time=surge.surged_at)
    outbox.enqueue(session, message, surge.surge_id)
    return surge
