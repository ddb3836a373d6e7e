"""Publishes changes of moderation cases through the outbox and records them in the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from schemas.envelope import encode
from schemas.identity import case_event_id
from schemas.moderation import CaseChange, CaseChanged, CaseOrigin, CaseState
from schemas.posts import ReportReason
from storage import audit, outbox
from storage.tables import Case


def publish(
    session: Session,
    case: Case,
    change: CaseChange,
    *,
    cause: str,
    actor: str,
    source: str,
    detail: Mapping[str, Any] | None = None,
) -> CaseChanged:
    """Publish and audit that ``actor`` changed ``case``, in the transaction of the change.

    ``cause`` is the id of the event, lease or decision that caused the change. The event id is derived from
    it. ``source`` is the CloudEvents source.
    """
    event = _event(case, change, cause)
    message = encode(event, id=str(event.event_id), source=source, key=case.post_id, time=case.changed_at)
    outbox.enqueue(session, message, event.event_id)
    audit.record(
        session,
        actor=actor,
        action=f"case.{change.value}",
        subject=f"case:{case.case_id}",
        detail={"cause": cause, "state": case.state, "priority": case.priority, **(detail or {})},
    )
    return event


def _event(case: Case, change: CaseChange, cause: str) -> CaseChanged:
    return CaseChanged(
        event_id=case_event_id(case.case_id, change.value, cause),
        case_id=case.case_id,
        post_id=case.post_id,
        state=CaseState(case.state),
        change=change,
        origin=CaseOrigin(case.origin),
        priority=case.priority,
        reasons=tuple(ReportReason(reason) for reason in case.reasons),
        reporters=case.reporters,
        score=case.score,
        changed_at=case.changed_at,
    )
