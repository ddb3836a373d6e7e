"""Moderation cases: a signal opens a case or joins the undecided case of its post.

A post has at most one undecided case, enforced by a partial unique index on ``cases``. A row lock on the case
serialises signals, claims and decisions.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.identity import case_id as new_case_id
from schemas.moderation import CaseChange, CaseChanged, CaseState, DecisionKind
from schemas.posts import ReportReason
from storage import case_changes, verdicts
from storage.database import transaction_time
from storage.errors import CaseNotFoundError
from storage.priority import POINTS_PER_HOUR, case_priority
from storage.signals import Signal, SignalKind
from storage.tables import Case, CaseReporter, CaseSignal, Decision

PIPELINE = "fakeme"  # the actor in the audit log for automatic changes
_HOURS_WAITED = extract("epoch", func.now() - Case.opened_at) / 3600
AGED_PRIORITY = Case.priority + POINTS_PER_HOUR * _HOURS_WAITED  # storage.priority.aged, in SQL
QUEUE_ORDER = (AGED_PRIORITY.desc(), Case.opened_at, Case.case_id)


def apply_signal(session: Session, signal: Signal, *, source: str) -> CaseChanged | None:
    """Open a case with ``signal``, or add it to the undecided case of its post.

    Return None if nothing changes: the signal was already applied, or the post has no undecided case and this
    signal does not open one.
    """
    opened = False
    while not _already_applied(session, signal):
        case = _undecided(session, signal.post_id)
        if case is not None:
            return _add(session, case, signal, CaseChange.OPENED if opened else CaseChange.JOINED, source)
        if not _may_open(session, signal):
            return None
        opened = _open(session, signal)  # false if another transaction just opened one: read it again
    return None


def find(session: Session, case_id: UUID) -> Case:
    """Return the case with this id; raise :class:`CaseNotFoundError` if there is none."""
    case = session.get(Case, case_id)
    if case is None:
        raise CaseNotFoundError(case_id)
    return case


def queue(session: Session, states: Collection[CaseState], limit: int) -> list[Case]:
    """Return up to ``limit`` cases in these states, most urgent first."""
    query = select(Case).where(Case.state.in_([state.value for state in states]))
    return list(session.scalars(query.order_by(*QUEUE_ORDER).limit(limit)))


def waiting_counts(session: Session) -> dict[CaseState, int]:
    """Return the number of cases in each undecided state."""
    waiting = [state for state in CaseState if state is not CaseState.DECIDED]
    query = select(Case.state, func.count()).where(Case.state.in_(waiting)).group_by(Case.state)
    counted = {CaseState(state): number for state, number in session.execute(query)}
    return {state: counted.get(state, 0) for state in waiting}


def signals(session: Session, case_id: UUID) -> list[CaseSignal]:
    """Return the signals of a case, oldest first."""
    query = select(CaseSignal).where(CaseSignal.case_id == case_id)
    return list(session.scalars(query.order_by(CaseSignal.seen_at, CaseSignal.event_id)))


def priority_of(case: Case) -> float:
    """Return the priority of the case, computed from its current fields."""
    return case_priority(
        reasons=[ReportReason(reason) for reason in case.reasons],
        score=case.score,
        reporters=case.reporters,
        surged=case.surged,
        appealed=case.appealed,
        escalated=case.escalated,
    )


def _already_applied(session: Session, signal: Signal) -> bool:
    """The version before stored no source: its row is this signal if everything else agrees."""
    query = (
        select(CaseSignal.event_id)
        .join(Case, Case.case_id == CaseSignal.case_id)
        .where(
            CaseSignal.event_id == signal.event_id,
            CaseSignal.source.in_((signal.source, "")),
            CaseSignal.kind == signal.kind.value,
            Case.post_id == signal.post_id,
        )
    )
    return session.execute(query.limit(1)).first() is not None


def _undecided(session: Session, post_id: str) -> Case | None:
    query = select(Case).where(Case.post_id == post_id, Case.state != CaseState.DECIDED.value)
    return session.scalars(query.with_for_update()).one_or_none()


def _may_open(session: Session, signal: Signal) -> bool:
    """A decision overrides verdicts: on a decided post, only a signal from a person opens another case."""
    if signal.opens is None or signal.kind is not SignalKind.VERDICT:
        return signal.opens is not None
    final = [kind.value for kind in DecisionKind if kind is not DecisionKind.ESCALATE]
    query = select(Decision.case_id).where(Decision.post_id == signal.post_id, Decision.decision.in_(final))
    return session.execute(query.limit(1)).first() is None


def _open(session: Session, signal: Signal) -> bool:
    assert signal.opens is not None  # see _may_open
    row = insert(Case).values(
        case_id=new_case_id(signal.post_id, signal.cause),
        post_id=signal.post_id,
        origin=signal.opens.value,
        state=CaseState.OPEN.value,
        priority=0.0,  # computed when the signal is added
        score=verdicts.highest_score(session, signal.post_id),
        reasons=[],
        reporters=0,
        opened_at=func.now(),
        changed_at=func.now(),
    )
    return session.execute(row.on_conflict_do_nothing().returning(Case.case_id)).first() is not None


def _add(session: Session, case: Case, signal: Signal, change: CaseChange, source: str) -> CaseChanged | None:
    if not _insert_signal(session, case, signal):
        return None  # another worker applied the same event at the same time
    if signal.reason is not None and signal.reason.value not in case.reasons:
        case.reasons = [*case.reasons, signal.reason.value]
    case.score = max((score for score in (case.score, signal.score) if score is not None), default=None)
    case.counted_reporters += _count_reporter(session, case, signal)
    case.reporters = max(case.reporters, signal.reporters, case.counted_reporters)
    case.surged |= signal.kind is SignalKind.SURGE
    case.appealed |= signal.kind is SignalKind.APPEAL
    case.priority = priority_of(case)
    case.changed_at = transaction_time(session)
    # The audit names the event as its sender does.
    detail = {"signal": signal.kind.value, "cause": signal.event_id, "source": signal.source}
    return case_changes.publish(
        session, case, change, cause=signal.cause, actor=PIPELINE, source=source, detail=detail
    )


def _insert_signal(session: Session, case: Case, signal: Signal) -> bool:
    row = insert(CaseSignal).values(
        event_id=signal.event_id,
        source=signal.source,
        kind=signal.kind.value,
        case_id=case.case_id,
        body=dict(signal.body),
    )
    return session.execute(row.on_conflict_do_nothing().returning(CaseSignal.event_id)).first() is not None


def _count_reporter(session: Session, case: Case, signal: Signal) -> bool:
    """Store the reporter; return whether they are new to the case, whose row is locked."""
    if signal.reporter_id is None:
        return False
    row = insert(CaseReporter).values(case_id=case.case_id, reporter_id=signal.reporter_id)
    return session.execute(row.on_conflict_do_nothing().returning(CaseReporter.case_id)).first() is not None
