"""Published verdicts; storing one sends a PostgreSQL notification to waiting clients."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.verdicts import ModelRef, VerdictIssued
from storage.tables import Verdict

CHANNEL = "verdicts"  # NOTIFY; the payload is the post's id


def model_version(model: ModelRef) -> str:
    """Return the model's identifier as used in database keys: name@version."""
    return f"{model.name}@{model.version}"


def find(session: Session, trigger_event_id: str, version: str) -> VerdictIssued | None:
    """Return the stored verdict of the model ``version`` (name@version) on this event, or None."""
    query = select(Verdict.body).where(
        Verdict.trigger_event_id == trigger_event_id, Verdict.model_version == version
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


def keep(session: Session, verdict: VerdictIssued) -> bool:
    """Store a verdict and notify :data:`CHANNEL`; return false if this event already has one by the model."""
    row = insert(Verdict).values(
        verdict_id=verdict.verdict_id,
        post_id=verdict.post_id,
        trigger_kind=verdict.trigger.kind.value,
        trigger_event_id=verdict.trigger.event_id,
        model_version=model_version(verdict.model),
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
