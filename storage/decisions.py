"""What moderators decide: kept, audited and published together, once for each claim."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.envelope import encode
from schemas.identity import decision_id
from schemas.moderation import CaseChange, CaseState, DecisionKind, DecisionMade
from storage import case_changes, outbox
from storage.cases import weigh
from storage.database import moment
from storage.documents import clean
from storage.errors import DecisionInvalidError
from storage.leases import end_lease, held
from storage.tables import Case, Decision


def decide(
    session: Session, case_id: UUID, moderator: str, kind: DecisionKind, note: str = "", *, source: str
) -> DecisionMade:
    """Decide a case that ``moderator`` holds; an escalation gives it back instead, above all others.

    Raises what :func:`storage.leases.held` raises, and :class:`DecisionInvalidError` if the note is too long.
    """
    case = held(session, case_id, moderator)
    made = _decision(session, case, moderator, kind, clean(note))
    escalated = kind is DecisionKind.ESCALATE
    case.escalated |= escalated
    case.priority = weigh(case)
    end_lease(case, CaseState.ESCALATED if escalated else CaseState.DECIDED, made.decided_at)
    _keep(session, made)
    outbox.announce(
        session,
        encode(made, id=str(made.decision_id), source=source, key=made.post_id, time=made.decided_at),
        made.decision_id,
    )
    case_changes.tell(
        session,
        case,
        CaseChange.ESCALATED if escalated else CaseChange.DECIDED,
        cause=str(made.decision_id),
        actor=moderator,
        source=source,
        detail={"decision": kind.value, "note": made.note},
    )
    return made


def of_case(session: Session, case_id: UUID) -> list[Decision]:
    """The decisions on a case, oldest first: any number of escalations, then at most one that ends it."""
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
            decided_at=moment(session),
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise DecisionInvalidError(f"{fault['loc'][0]}: {fault['msg']}") from error


def _keep(session: Session, made: DecisionMade) -> None:
    session.add(
        Decision(
            decision_id=made.decision_id,
            case_id=made.case_id,
            post_id=made.post_id,
            decision=made.decision.value,
            moderator=made.moderator,
            note=made.note,
            decided_at=made.decided_at,
        )
    )
