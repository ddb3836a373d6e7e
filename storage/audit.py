"""The record of who did what; rows are only ever added."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.tables import AuditEntry


def record(session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Add that ``actor`` did ``action`` to ``subject`` (kind:id), in the transaction that does it."""
    session.add(AuditEntry(actor=actor, action=action, subject=subject, detail=dict(detail)))


def entries(session: Session, subject: str) -> list[AuditEntry]:
    """What was done to ``subject``, oldest first."""
    query = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id)
    return list(session.scalars(query))


def last_done(session: Session, action: str) -> dict[str, datetime]:
    """Of every subject that ``action`` was done to, when that was last."""
    query = select(AuditEntry.subject, func.max(AuditEntry.at)).where(AuditEntry.action == action)
    return {row[0]: row[1] for row in session.execute(query.group_by(AuditEntry.subject))}
