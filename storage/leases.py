"""Claims on cases. A claim is a lease that expires, so that an abandoned case returns to the queue.

All times are taken from the database's clock.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from schemas.moderation import CaseChange, CaseState
from storage import audit, case_changes
from storage.cases import QUEUE_ORDER
from storage.database import transaction_time
from storage.errors import (
    CaseClaimedError,
    CaseDecidedError,
    CaseError,
    CaseNotClaimedError,
    CaseNotFoundError,
    LeaseExpiredError,
)
from storage.tables import Case


def claim_next(session: Session, moderator: str, lease: timedelta, *, source: str) -> Case | None:
    """Claim the most urgent free case for ``moderator``; return None if the queue is empty.

    Cases that another transaction is claiming are skipped, so that two moderators never get the same case.
    """
    query = select(Case).where(_claimable()).order_by(*QUEUE_ORDER).limit(1)
    case = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if case is not None:
        _assign(session, case, moderator, lease, source)
    return case


def claim(session: Session, case_id: UUID, moderator: str, lease: timedelta, *, source: str) -> Case:
    """Claim a given case for ``moderator``, or renew their existing claim by ``lease``.

    Raise :class:`CaseNotFoundError`, :class:`CaseDecidedError` or :class:`CaseClaimedError`.
    """
    case = lock(session, case_id)
    now = transaction_time(session)
    if case.state == CaseState.DECIDED.value:
        raise CaseDecidedError(case_id)
    if not _has_active_lease(case, now):
        _assign(session, case, moderator, lease, source)
    elif case.leased_by == moderator:
        case.leased_until = now + lease
        audit.record(session, actor=moderator, action="case.renewed", subject=f"case:{case_id}", detail={})
    else:
        assert case.leased_by is not None
        assert case.leased_until is not None
        raise CaseClaimedError(case_id, case.leased_by, case.leased_until)
    return case


def release(session: Session, case_id: UUID, moderator: str, *, source: str) -> Case:
    """Return a case undecided. Raise what :func:`require_lease` raises, except for an expired lease."""
    case = lock(session, case_id)
    error = lease_error(case, moderator, transaction_time(session))
    if error is not None and not isinstance(error, LeaseExpiredError):
        raise error
    token = case.lease_token
    end_lease(case, CaseState.ESCALATED if case.escalated else CaseState.OPEN, transaction_time(session))
    case_changes.publish(session, case, CaseChange.RELEASED, cause=str(token), actor=moderator, source=source)
    return case


def require_lease(session: Session, case_id: UUID, moderator: str) -> Case:
    """Lock and return the case if ``moderator`` has an active lease on it.

    Raise :class:`CaseNotFoundError`, :class:`CaseDecidedError`, :class:`CaseNotClaimedError` or
    :class:`LeaseExpiredError`.
    """
    case = lock(session, case_id)
    error = lease_error(case, moderator, transaction_time(session))
    if error is not None:
        raise error
    return case


def lease_error(case: Case, moderator: str, now: datetime) -> CaseError | None:
    """Return the error that keeps ``moderator`` from deciding ``case``; None if they may decide it."""
    if case.state == CaseState.DECIDED.value:
        return CaseDecidedError(case.case_id)
    if case.state != CaseState.CLAIMED.value or case.leased_by != moderator:
        holder = case.leased_by if _has_active_lease(case, now) else None
        return CaseNotClaimedError(case.case_id, moderator, holder)
    if not _has_active_lease(case, now):
        return LeaseExpiredError(case.case_id, moderator, case.leased_until)
    return None


def lock(session: Session, case_id: UUID) -> Case:
    """Return the case, locked until the transaction ends; raise :class:`CaseNotFoundError`."""
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise CaseNotFoundError(case_id)
    return case


def end_lease(case: Case, state: CaseState, now: datetime) -> None:
    """End the lease on ``case`` and set its state to ``state``."""
    case.state = state.value
    case.leased_by = case.leased_until = case.lease_token = None
    case.changed_at = now


def _claimable() -> ColumnElement[bool]:
    waiting = Case.state.in_([CaseState.OPEN.value, CaseState.ESCALATED.value])
    return or_(waiting, and_(Case.state == CaseState.CLAIMED.value, Case.leased_until <= func.now()))


def _has_active_lease(case: Case, now: datetime) -> bool:
    return case.state == CaseState.CLAIMED.value and case.leased_until is not None and case.leased_until > now


def _assign(session: Session, case: Case, moderator: str, lease: timedelta, source: str) -> None:
    now = transaction_time(session)
    case.state = CaseState.CLAIMED.value
    case.leased_by, case.leased_until, case.lease_token = moderator, now + lease, uuid4()
    case.changed_at = now
    case_changes.publish(
        session, case, CaseChange.CLAIMED, cause=str(case.lease_token), actor=moderator, source=source
    )
