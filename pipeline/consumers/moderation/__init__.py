"""The moderation worker: turns reports, appeals and verdicts into cases, and detects surges."""

from pipeline.consumers.moderation.subscriptions import SUBSCRIPTIONS
from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings
from storage.access import INSERT, SELECT, UPDATE, Access


def _make(settings: Settings) -> Runnable:
    from pipeline.consumers.moderation.worker import make_moderation  # noqa: PLC0415 - Kafka and SQL clients

    return make_moderation(settings)


WORKER = WorkerDescription(
    "moderation",
    _make,
    SUBSCRIPTIONS,
    uses_retry_topics=True,
    access=Access(
        tables={
            "cases": (SELECT, INSERT, UPDATE),
            "case_signals": (SELECT, INSERT),
            "case_reporters": (SELECT, INSERT),
            "reports": (SELECT, INSERT),
            "surges": (SELECT, INSERT),
            "outbox": (SELECT, INSERT),
            "audit": (SELECT, INSERT),
            "verdicts": (SELECT,),
            "decisions": (SELECT,),
        }
    ),
)
