"""The moderation consumer: turns reports, appeals, surges and verdicts into cases, one per post.

Each event is one transaction that writes the case, its history and an outbox row. The outbox relay publishes
the row. Moderators work on cases with ``fakeme cases``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.consumers.moderation.case_signals import signal_of
from pipeline.consumers.moderation.subscriptions import SUBSCRIPTIONS
from pipeline.runtime.consumer import Answer
from schemas.envelope import Event
from schemas.posts import PostReported
from storage import cases
from storage.database import transaction
from storage.errors import StorageError
from storage.reports import record_report
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
    alive = True

    def __init__(self, engine: Engine, *, source: str) -> None:
        self._engine = engine
        self._source = source

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
                if prepared.report is not None:
                    record_report(session, signal.event_id, prepared.report)
                change = cases.apply_signal(session, signal, source=self._source)
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
