"""The book of tags: applies verdicts, decisions and reports to PostgreSQL, with what they announce.

Each event is one transaction: state and outbox row together, or neither. Applying an event again changes
nothing. What a change is gets decided in ``tagging_policy`` and ``surge_policy``.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.consumers.tagging.policy import TagChange, TagState, after_decision, after_verdict
from pipeline.consumers.tagging.surges import surge_at, window_of
from schemas.base import Contract
from schemas.envelope import Event, encode
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.moderation import DecisionMade
from schemas.posts import PostReported
from schemas.tags import CauseKind, TagCause
from schemas.verdicts import VerdictIssued
from storage.database import transaction
from storage.outbox import enqueue
from storage.reports import distinct_reporters, record_report
from storage.surges import record_surge, surge_times
from storage.tables import PostTag
from storage.tags import lock_tag, put_tag

Said = Mapping[str, object]


class TagLedger:
    """Applies events one by one; may be called from several threads."""

    def __init__(self, engine: Engine, *, source: str, surge_window: timedelta, surge_reporters: int) -> None:
        self._engine = engine
        self._source = source
        self._window = surge_window
        self._threshold = surge_reporters

    def apply(self, event: Event) -> Said:
        """Bring ``event`` into the book; returns what its log line says.

        Raises :class:`storage.errors.DatabaseUnavailableError` while the database is away, and
        :class:`UnreadableEventError` for events that change no tag.
        """
        with transaction(self._engine) as session:
            match event.body:
                case VerdictIssued() as verdict:
                    return self._apply_verdict(session, verdict)
                case DecisionMade() as decision:
                    return self._apply_decision(session, decision)
                case PostReported() as report:
                    return self._apply_report(session, event.id, report)
        raise UnreadableEventError(
            DeadLetterReason.UNKNOWN_TYPE, f"type {event.type!r} is no verdict, decision or report"
        )

    def _apply_verdict(self, session: Session, verdict: VerdictIssued) -> Said:
        state = _state(lock_tag(session, verdict.post_id))
        change = after_verdict(state, verdict, now=datetime.now(UTC))
        self._keep(session, verdict.post_id, change)
        return {"label": verdict.label.value, "tag": _action(change)}

    def _apply_decision(self, session: Session, decision: DecisionMade) -> Said:
        state = _state(lock_tag(session, decision.post_id))
        change = after_decision(state, decision, now=datetime.now(UTC))
        self._keep(session, decision.post_id, change)
        return {"decision": decision.decision.value, "tag": _action(change)}

    def _apply_report(self, session: Session, event_id: str, report: PostReported) -> Said:
        record_report(session, event_id, report)
        near = surge_times(
            session, report.post_id, report.reported_at - self._window, report.reported_at + self._window
        )
        reporters = distinct_reporters(session, report.post_id, *window_of(report, self._window))
        surge = surge_at(
            report, reporters=reporters, surges=near, window=self._window, threshold=self._threshold
        )
        if surge is not None and record_surge(session, surge):
            self._announce(session, surge, surge.surge_id, surge.post_id, surge.surged_at)
        return {"reporters": reporters, "surged": surge is not None}

    def _keep(self, session: Session, post_id: str, change: TagChange | None) -> None:
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
            self._announce(session, change.event, change.event.tag_event_id, post_id, change.event.tagged_at)

    def _announce(self, session: Session, body: Contract, event_id: UUID, post_id: str, at: datetime) -> None:
        message = encode(body, id=str(event_id), source=self._source, key=post_id, time=at)
        enqueue(session, message, event_id)


def _state(row: PostTag | None) -> TagState | None:
    if row is None:
        return None
    return TagState(row.tagged, TagCause(kind=CauseKind(row.cause_kind), id=row.cause_id), row.cause_at)


def _action(change: TagChange | None) -> str:
    return change.event.action.value if change is not None and change.event is not None else "unchanged"
