"""The detection worker: reads post events, analyses their media and publishes verdicts."""

from pipeline.consumers.detection.subscriptions import SUBSCRIPTIONS
from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings


def _make(settings: Settings) -> Runnable:
    from pipeline.consumers.detection.worker import make_detection  # noqa: PLC0415 - loads torch

    return make_detection(settings)


WORKER = WorkerDescription("detection", _make, SUBSCRIPTIONS, uses_retry_topics=True)
