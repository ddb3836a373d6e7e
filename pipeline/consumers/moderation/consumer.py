"""Moderation: what people report and the detector suspects becomes cases for moderators, one a post.

Each event is one transaction: the case, its history and the outbox row that announces the change. Nothing
is published from here; moderators' answers come through ``fakeme cases``.
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
    """An event and what it means for cases."""

    signal: Signal
    report: PostReported | None


class Moderation:
    """The consumer that keeps the moderators' queue."""

    name = "moderation"
    subscriptions = SUBSCRIPTIONS

    def __init__(self, engine: Engine, *, source: str) -> None:
        self._engine = engine
        self._source = source

    def prepare(self, event: Event, attempt: int) -> Prepared:  # noqa: ARG002 - each try is the same
        """What the event means; nothing is fetched."""
        return Prepared(signal_of(event), event.body if isinstance(event.body, PostReported) else None)

    def cost(self, prepared: Prepared) -> int:  # noqa: ARG002 - one is as heavy as another
        """A transaction."""
        return 1

    def size(self, prepared: Prepared) -> int:  # noqa: ARG002
        """Nothing to speak of."""
        return 0

    def handle(self, batch: Sequence[Prepared]) -> Sequence[Answer | Exception]:
        """Each event in a transaction of its own: one that fails takes no other with it."""
        return [self._settle(prepared) for prepared in batch]

    def _settle(self, prepared: Prepared) -> Answer | Exception:
        signal = prepared.signal
        try:
            with transaction(self._engine) as session:
                if prepared.report is not None:
                    record_report(session, signal.event_id, prepared.report)
                change = cases.apply_signal(session, signal, source=self._source)
        except (StorageError, SQLAlchemyError) as error:
            return error  # the loop decides whether it waits or is given up
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
