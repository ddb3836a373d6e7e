"""The moderation consumer: turns reports, appeals and verdicts into cases, one per post, and counts reports.

Each event is one transaction that writes the case, its history and outbox rows, also those of a surge that a
report completes. The outbox relay publishes the rows. Moderators work on cases with ``fakeme cases``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipeline.consumers.moderation.case_signals import signal_of, surge_signal
from pipeline.consumers.moderation.report_count import count_report
from pipeline.consumers.moderation.subscriptions import SUBSCRIPTIONS
from pipeline.consumers.moderation.surges import SurgeRule
from pipeline.runtime.consumer import Answer
from schemas.envelope import Event
from schemas.moderation import CaseChanged
from schemas.posts import PostReported
from storage import cases
from storage.database import transaction
from storage.errors import StorageError
from storage.signals import Signal


@dataclass(frozen=True)
class Prepared:
    """The signal for the case, and the report if the event is one."""

    signal: Signal
    report: PostReported | None


class Moderation:
    """Opens and updates the cases in the moderators' queue."""

    name = "moderation"
    subscriptions = SUBSCRIPTIONS
    alive = True  # it has no threads of its own

    def __init__(self, engine: Engine, *, source: str, surge_rule: SurgeRule) -> None:
        self._engine = engine
        self._source = source
        self._surge_rule = surge_rule

    def prepare(self, event: Event, attempt: int) -> Prepared:  # noqa: ARG002 - the same for each attempt
        """Convert the event into a signal."""
        return Prepared(signal_of(event), event.body if isinstance(event.body, PostReported) else None)

    def handle(self, batch: Sequence[Prepared]) -> Sequence[Answer | Exception]:
        """Handle each event in its own transaction, so that a failure does not affect other events."""
        return [self._handle_event(prepared) for prepared in batch]

    def _handle_event(self, prepared: Prepared) -> Answer | Exception:
        signal = prepared.signal
        try:
            with transaction(self._engine) as session:
                change = self._apply(session, prepared)
        except (StorageError, SQLAlchemyError) as error:
            return error  # the loop decides whether to retry
        if change is None:
            return Answer(log={"post_id": signal.post_id, "case": None})
        return Answer(
            log={
                "post_id": signal.post_id,
                "case": str(change.case_id),
                "change": change.change.value,
                "priority": round(change.priority, 1),
            }
        )

    def _apply(self, session: Session, prepared: Prepared) -> CaseChanged | None:
        """Apply the event, and the surge if it completes one; return the last change of the case."""
        change = cases.apply_signal(session, prepared.signal, source=self._source)
        if prepared.report is None:
            return change
        surge = count_report(session, prepared.signal, prepared.report, self._surge_rule, source=self._source)
        if surge is None:
            return change
        return cases.apply_signal(session, surge_signal(surge, source=self._source), source=self._source)
