"""Published verdicts; storing one sends a PostgreSQL notification to waiting clients."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.verdicts import Trigger, VerdictIssued
from storage.tables import Verdict

CHANNEL = "verdicts"  # NOTIFY; the payload is the post's id


def find(session: Session, post_id: str, trigger: Trigger, identity: str) -> VerdictIssued | None:
    """Return the verdict given on this event of this post under the same analysis identity, if there is one.

    A verdict that the version before stored has no source; it answers the event if everything else agrees.
    """
    query = (
        select(Verdict.body)
        .where(
            Verdict.trigger_event_id == trigger.event_id,
            Verdict.trigger_source.in_((trigger.source, "")),
            Verdict.trigger_kind == trigger.kind.value,
            Verdict.post_id == post_id,
            Verdict.analysis_identity == identity,
        )
        .order_by(Verdict.trigger_source.desc())
        .limit(1)
    )
    return _read(session.execute(query).scalar_one_or_none())


def latest(session: Session, post_id: str) -> VerdictIssued | None:
    """Return the newest verdict on a post by any model, or None."""
    query = select(Verdict.body).where(Verdict.post_id == post_id).order_by(Verdict.issued_at.desc()).limit(1)
    return _read(session.execute(query).scalar_one_or_none())


def highest_score(session: Session, post_id: str) -> float | None:
    """Return the highest score of any verdict on the post; None if none of them has a score."""
    query = select(func.max(Verdict.score)).where(Verdict.post_id == post_id)
    return session.execute(query).scalar_one()


def keep(session: Session, verdict: VerdictIssued, identity: str) -> bool:
    """Store a verdict and notify :data:`CHANNEL`; return False if this event has one of this identity."""
    row = insert(Verdict).values(
        verdict_id=verdict.verdict_id,
        post_id=verdict.post_id,
        trigger_kind=verdict.trigger.kind.value,
        trigger_event_id=verdict.trigger.event_id,
        trigger_source=verdict.trigger.source,
        analysis_identity=identity,
        label=verdict.label.value,
        score=verdict.score,
        body=verdict.model_dump(mode="json"),
        issued_at=verdict.issued_at,
    )
    kept = session.execute(row.on_conflict_do_nothing().returning(Verdict.verdict_id)).first() is not None
    if kept:
        session.execute(select(func.pg_notify(CHANNEL, verdict.post_id)))
    return kept


def _read(body: object) -> VerdictIssued | None:
    return None if body is None else VerdictIssued.model_validate(body)
