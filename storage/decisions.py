"""Moderators' decisions: stored, audited and published in one transaction, one for each claim."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.envelope import encode
from schemas.identity import decision_id
from schemas.moderation import CaseChange, CaseState, DecisionKind, DecisionMade
from storage import case_changes, known_decisions, outbox
from storage.cases import priority_of
from storage.database import transaction_time
from storage.errors import DecisionInvalidError
from storage.leases import end_lease, require_lease
from storage.postgres_text import replace_nul
from storage.tables import Case, Decision


def decide(
    session: Session, case_id: UUID, moderator: str, kind: DecisionKind, note: str = "", *, source: str
) -> DecisionMade:
    """Decide a case that ``moderator`` has claimed. An escalation returns it to the top of the queue instead.

    The post's media become known media.

    Raise what :func:`storage.leases.require_lease` raises, or :class:`DecisionInvalidError` if the note is
    too long.
    """
    case = require_lease(session, case_id, moderator)
    decision = _decision(session, case, moderator, kind, replace_nul(note))
    escalated = kind is DecisionKind.ESCALATE
    case.escalated |= escalated
    case.priority = priority_of(case)
    end_lease(case, CaseState.ESCALATED if escalated else CaseState.DECIDED, decision.decided_at)
    _keep(session, decision)
    known_decisions.learn(session, decision)
    outbox.enqueue(
        session,
        encode(
            decision,
            id=str(decision.decision_id),
            source=source,
            key=decision.post_id,
            time=decision.decided_at,
        ),
        decision.decision_id,
    )
    case_changes.publish(
        session,
        case,
        CaseChange.ESCALATED if escalated else CaseChange.DECIDED,
        cause=str(decision.decision_id),
        actor=moderator,
        source=source,
        detail={"decision": kind.value, "note": decision.note},
    )
    return decision


def of_case(session: Session, case_id: UUID) -> list[Decision]:
    """Return the decisions on a case, oldest first: any number of escalations, then at most one final one."""
    query = select(Decision).where(Decision.case_id == case_id).order_by(Decision.decided_at)
    return list(session.scalars(query))


def _decision(session: Session, case: Case, moderator: str, kind: DecisionKind, note: str) -> DecisionMade:
    try:
        return DecisionMade(
            decision_id=decision_id(case.case_id, moderator, str(case.lease_token)),
            case_id=case.case_id,
            post_id=case.post_id,
            decision=kind,
            moderator=moderator,
            note=note,
            decided_at=transaction_time(session),
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise DecisionInvalidError(f"{fault['loc'][0]}: {fault['msg']}") from error


def _keep(session: Session, decision: DecisionMade) -> None:
    session.add(
        Decision(
            decision_id=decision.decision_id,
            case_id=decision.case_id,
            post_id=decision.post_id,
            decision=decision.decision.value,
            moderator=decision.moderator,
            note=decision.note,
            decided_at=decision.decided_at,
        )
    )
