"""Applies verdicts and decisions to the tags in PostgreSQL.

Each event is one transaction that writes the new state and its outbox row. Applying an event again changes
nothing. The ``policy`` module decides what changes.
"""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.consumers.tagging.policy import TagChange, TagState, after_decision, after_verdict
from pipeline.runtime.failures import LogFields
from schemas.envelope import Event, encode
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.moderation import DecisionMade
from schemas.tags import CauseKind, PostTagged, TagCause
from schemas.verdicts import VerdictIssued
from storage.database import transaction
from storage.outbox import enqueue
from storage.tables import PostTag
from storage.tags import lock_tag, put_tag


class TagLedger:
    """Applies one event at a time. Safe to call from several threads."""

    def __init__(self, engine: Engine, *, source: str) -> None:
        self._engine = engine
        self._source = source

    def apply(self, event: Event) -> LogFields:
        """Apply ``event`` and return the fields for its log line.

        Raise :class:`storage.errors.DatabaseUnavailableError` if the database is unavailable, and
        :class:`UnreadableEventError` for an event of another type.
        """
        with transaction(self._engine) as session:
            match event.body:
                case VerdictIssued() as verdict:
                    return self._apply_verdict(session, verdict)
                case DecisionMade() as decision:
                    return self._apply_decision(session, decision)
        raise UnreadableEventError(
            DeadLetterReason.UNKNOWN_TYPE, f"type {event.type!r} is neither a verdict nor a decision"
        )

    def _apply_verdict(self, session: Session, verdict: VerdictIssued) -> LogFields:
        state = _state(lock_tag(session, verdict.post_id))
        change = after_verdict(state, verdict, now=datetime.now(UTC))
        self._store_tag(session, verdict.post_id, change)
        return {"label": verdict.label.value, "tag": _action(change)}

    def _apply_decision(self, session: Session, decision: DecisionMade) -> LogFields:
        state = _state(lock_tag(session, decision.post_id))
        change = after_decision(state, decision, now=datetime.now(UTC))
        self._store_tag(session, decision.post_id, change)
        return {"decision": decision.decision.value, "tag": _action(change)}

    def _store_tag(self, session: Session, post_id: str, change: TagChange | None) -> None:
        if change is None:
            return
        cause = change.state.cause
        put_tag(
            session,
            post_id,
            tagged=change.state.tagged,
            cause_kind=cause.kind,
            cause_id=cause.id,
            cause_at=change.state.cause_at,
        )
        if change.event is not None:
            self._announce(session, change.event)

    def _announce(self, session: Session, event: PostTagged) -> None:
        message = encode(
            event,
            id=str(event.tag_event_id),
            source=self._source,
            key=event.post_id,
            time=event.tagged_at,
        )
        enqueue(session, message, event.tag_event_id)


def _state(row: PostTag | None) -> TagState | None:
    if row is None:
        return None
    return TagState(row.tagged, TagCause(kind=CauseKind(row.cause_kind), id=row.cause_id), row.cause_at)


def _action(change: TagChange | None) -> str:
    return change.event.action.value if change is not None and change.event is not None else "unchanged"
