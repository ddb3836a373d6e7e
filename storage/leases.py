"""Who works on which case: a claim is a lease that ends by itself, so that no case is forgotten.

All times are the database's, so that moderators' clocks do not matter.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from schemas.moderation import CaseChange, CaseState
from storage import audit, case_changes
from storage.cases import QUEUE_ORDER
from storage.database import moment
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
    """The most urgent case that nobody holds, now held by ``moderator``; none if the queue is empty.

    Cases that others are just claiming are passed over, so that nobody waits and nobody gets the same.
    """
    query = select(Case).where(_free()).order_by(*QUEUE_ORDER).limit(1)
    case = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if case is not None:
        _hand_over(session, case, moderator, lease, source)
    return case


def claim(session: Session, case_id: UUID, moderator: str, lease: timedelta, *, source: str) -> Case:
    """A given case, now held by ``moderator``; one that they hold already is theirs for another ``lease``.

    Raises :class:`CaseNotFoundError`, :class:`CaseDecidedError` or :class:`CaseClaimedError`.
    """
    case = lock(session, case_id)
    now = moment(session)
    if case.state == CaseState.DECIDED.value:
        raise CaseDecidedError(case_id)
    if not _live(case, now):
        _hand_over(session, case, moderator, lease, source)
    elif case.leased_by == moderator:
        case.leased_until = now + lease
        audit.record(session, actor=moderator, action="case.renewed", subject=f"case:{case_id}", detail={})
    else:
        assert case.leased_by is not None
        assert case.leased_until is not None
        raise CaseClaimedError(case_id, case.leased_by, case.leased_until)
    return case


def release(session: Session, case_id: UUID, moderator: str, *, source: str) -> Case:
    """Give a case back undecided; raises what :func:`held` raises, except that a late return is fine."""
    case = lock(session, case_id)
    fault = lease_fault(case, moderator, moment(session))
    if fault is not None and not isinstance(fault, LeaseExpiredError):
        raise fault
    token = case.lease_token
    end_lease(case, CaseState.ESCALATED if case.escalated else CaseState.OPEN, moment(session))
    case_changes.tell(session, case, CaseChange.RELEASED, cause=str(token), actor=moderator, source=source)
    return case


def held(session: Session, case_id: UUID, moderator: str) -> Case:
    """The case, locked, if ``moderator`` holds a lease on it that has not ended.

    Raises :class:`CaseNotFoundError`, :class:`CaseDecidedError`, :class:`CaseNotClaimedError` or
    :class:`LeaseExpiredError`.
    """
    case = lock(session, case_id)
    fault = lease_fault(case, moderator, moment(session))
    if fault is not None:
        raise fault
    return case


def lease_fault(case: Case, moderator: str, now: datetime) -> CaseError | None:
    """What stands between ``moderator`` and a decision on ``case``; none if nothing does."""
    if case.state == CaseState.DECIDED.value:
        return CaseDecidedError(case.case_id)
    if case.state != CaseState.CLAIMED.value or case.leased_by != moderator:
        return CaseNotClaimedError(case.case_id, moderator, case.leased_by if _live(case, now) else None)
    return None if _live(case, now) else LeaseExpiredError(case.case_id, moderator, case.leased_until)


def lock(session: Session, case_id: UUID) -> Case:
    """The case, which nobody else changes until this transaction ends."""
    case = session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise CaseNotFoundError(case_id)
    return case


def end_lease(case: Case, state: CaseState, now: datetime) -> None:
    """Nobody holds ``case`` any more; it goes on in ``state``."""
    case.state = state.value
    case.leased_by = case.leased_until = case.lease_token = None
    case.changed_at = now


def _free() -> ColumnElement[bool]:
    waiting = Case.state.in_([CaseState.OPEN.value, CaseState.ESCALATED.value])
    return or_(waiting, and_(Case.state == CaseState.CLAIMED.value, Case.leased_until <= func.now()))


def _live(case: Case, now: datetime) -> bool:
    return case.state == CaseState.CLAIMED.value and case.leased_until is not None and case.leased_until > now


def _hand_over(session: Session, case: Case, moderator: str, lease: timedelta, source: str) -> None:
    now = moment(session)
    case.state = CaseState.CLAIMED.value
    case.leased_by, case.leased_until, case.lease_token = moderator, now + lease, uuid4()
    case.changed_at = now
    case_changes.tell(
        session, case, CaseChange.CLAIMED, cause=str(case.lease_token), actor=moderator, source=source
    )
