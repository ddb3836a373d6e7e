"""The audit log: who did what to which subject. Rows are never changed or deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.tables import AuditEntry


def record(session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Log that ``actor`` did ``action`` to ``subject`` (kind:id), in the transaction of that action."""
    session.add(AuditEntry(actor=actor, action=action, subject=subject, detail=dict(detail)))


def entries(session: Session, subject: str) -> list[AuditEntry]:
    """Return the audit log of ``subject``, oldest entry first."""
    query = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
    return list(session.scalars(query))


def last_done(session: Session, action: str) -> dict[str, datetime]:
    """Return the time of the latest ``action`` on each subject, by subject."""
    query = select(AuditEntry.subject, func.max(AuditEntry.at)).where(AuditEntry.action == action)
    return {row[0]: row[1] for row in session.execute(query.group_by(AuditEntry.subject))}
