"""The relay worker: publishes the events of the PostgreSQL outbox."""

from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings
from schemas.topics import MODERATION_CASES, MODERATION_DECISIONS, POSTS_TAGS, REPORTS_SURGED
from storage.access import DELETE, SELECT, UPDATE, Access


def _make(settings: Settings) -> Runnable:
    from pipeline.producers.outbox_relay.relay import make_relay  # noqa: PLC0415 - Kafka and SQL clients

    return make_relay(settings)


_PRUNED = (SELECT, UPDATE, DELETE)  # locks the rows before it deletes them

WORKER = WorkerDescription(
    "relay",
    _make,
    publishes=(POSTS_TAGS, REPORTS_SURGED, MODERATION_CASES, MODERATION_DECISIONS),
    access=Access(
        tables={
            "outbox": (SELECT, UPDATE, DELETE),
            "cases": (SELECT,),  # counted for a metric
            "idempotent_requests": _PRUNED,
            "media_objects": _PRUNED,
            "media_analyses": _PRUNED,
            "posts": _PRUNED,
            "reports": _PRUNED,
            "surges": _PRUNED,
            "verdicts": _PRUNED,
        }
    ),
)
