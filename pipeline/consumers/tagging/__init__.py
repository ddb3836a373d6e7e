"""The tagging worker: reads verdicts and decisions; writes tag changes."""

from pipeline.consumers.tagging.subscriptions import SUBSCRIPTIONS
from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings
from storage.access import INSERT, SELECT, UPDATE, Access


def _make(settings: Settings) -> Runnable:
    from pipeline.consumers.tagging.worker import make_tagging  # noqa: PLC0415 - loads Faust

    return make_tagging(settings)


WORKER = WorkerDescription(
    "tagging",
    _make,
    SUBSCRIPTIONS,
    access=Access(tables={"post_tags": (SELECT, INSERT, UPDATE), "outbox": (SELECT, INSERT)}),
)
