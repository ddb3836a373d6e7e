"""The detection worker: reads post events, analyses their media and publishes verdicts."""

from typing import TYPE_CHECKING

from pipeline.consumers.detection.subscriptions import SUBSCRIPTIONS
from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings
from schemas.topics import MEDIA_VERDICTS, MEDIA_VERDICTS_SHADOW
from storage.access import DELETE, INSERT, SELECT, UPDATE, Access, Bucket

if TYPE_CHECKING:
    from pipeline.consumers.detection.live_verifier import LiveVerifier


def _make(settings: Settings) -> Runnable:
    from pipeline.consumers.detection.worker import make_detection  # noqa: PLC0415 - loads torch

    return make_detection(settings)


def make_verifier(settings: Settings, max_bytes: int) -> "LiveVerifier":
    """Return what judges single files up to ``max_bytes``, for another worker. Loads the model."""
    from pipeline.consumers.detection.live_verifier import make_live_verifier  # noqa: PLC0415 - loads torch

    return make_live_verifier(settings, max_bytes)


WORKER = WorkerDescription(
    "detection",
    _make,
    SUBSCRIPTIONS,
    publishes=(MEDIA_VERDICTS, MEDIA_VERDICTS_SHADOW),
    uses_retry_topics=True,
    access=Access(
        tables={
            "posts": (SELECT, INSERT),
            "verdicts": (SELECT, INSERT),
            "media_analyses": (SELECT, INSERT),
            "media_objects": (SELECT, INSERT, UPDATE),
            "known_media": (SELECT,),
            "manifests": (SELECT,),
            "pending_evidence": (SELECT, INSERT, UPDATE, DELETE),
        },
        reads=(Bucket.MEDIA,),
        writes=(Bucket.EVIDENCE,),
    ),
)
