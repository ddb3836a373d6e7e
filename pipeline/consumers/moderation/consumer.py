"""Moderation: what people report and the detector suspects becomes cases for moderators, one a post.

Each event is one transaction: the case, its history and the outbox row that announces the change. Nothing
is published from here; moderators' answers come through ``fakeme cases``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.runtime.consumer import Answer, Priority, Subscription
from pipeline.settings import Settings
from schemas.envelope import Event
from schemas.moderation import CaseOrigin, ReportsSurged
from schemas.posts import PostAppealed, PostReported
from schemas.topics import MEDIA_VERDICTS, POSTS_APPEALED, POSTS_REPORTED, REPORTS_SURGED
from schemas.verdicts import Label, VerdictIssued
from storage import cases
from storage.database import connect, transaction
from storage.errors import StorageError
from storage.reports import record_report
from storage.signals import Signal, SignalKind


@dataclass(frozen=True)
class Prepared:
    """An event and what it means for cases."""

    signal: Signal
    report: PostReported | None


class Moderation:
    """The consumer that keeps the moderators' queue."""

    name = "moderation"
    subscriptions = (
        Subscription(REPORTS_SURGED, Priority.INTERACTIVE),  # what spreads now is moved up now
        Subscription(POSTS_REPORTED, Priority.REPORTED),
        Subscription(POSTS_APPEALED, Priority.REPORTED),
        Subscription(MEDIA_VERDICTS, Priority.REPORTED),
    )

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


def build(settings: Settings) -> Moderation:
    """The consumer of these settings; it connects when it handles its first event."""
    engine = connect(settings.database_url.get_secret_value(), application="fakeme-moderation")
    return Moderation(engine, source=settings.source)


def signal_of(event: Event) -> Signal:
    """What an event means for the case of its post.

    Reports, appeals and surges open a case, and so does a suspicion. Other verdicts need no moderator; if
    one looks at the post already, they bring the score. Raises ``TypeError`` for events of other topics.
    """
    body = event.body
    if isinstance(body, PostReported):
        signal = partial(Signal, kind=SignalKind.REPORT, opens=CaseOrigin.REPORT, reason=body.reason)
    elif isinstance(body, PostAppealed):
        signal = partial(Signal, kind=SignalKind.APPEAL, opens=CaseOrigin.APPEAL)
    elif isinstance(body, ReportsSurged):
        signal = partial(Signal, kind=SignalKind.SURGE, opens=CaseOrigin.REPORT, reporters=body.reporters)
    elif isinstance(body, VerdictIssued):
        opens = CaseOrigin.SUSPICION if body.label is Label.SUSPECTED else None
        signal = partial(Signal, kind=SignalKind.VERDICT, opens=opens, score=body.score)
    else:
        raise TypeError(f"{type(body).__name__} is nothing that moderation subscribes to")
    return signal(event_id=event.id, post_id=body.post_id, body=body.model_dump(mode="json"))
