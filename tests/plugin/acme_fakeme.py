"""An example extension, as another company would install it: it registers a worker and a signal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pipeline.consumers.detection.signals import (
    ExaminedMedia,
    Finding,
    SignalContext,
    register_signal,
)
from pipeline.runtime.consumer import Answer, Subscription
from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer
from pipeline.runtime.loop import Loop, LoopSettings
from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings
from pipeline.workers import register_worker
from schemas.envelope import Event, encode
from schemas.moderation import ReportsSurged
from schemas.tags import PostTagged
from schemas.topics import POSTS_TAGS
from schemas.verdicts import Label

SUBSCRIPTIONS = (Subscription(POSTS_TAGS),)


class Amplifier:
    """Answers every tag event with a surge of reports; the content does not matter for the test."""

    name = "acme-amplifier"
    subscriptions = SUBSCRIPTIONS
    alive = True

    def prepare(self, event: Event, attempt: int) -> PostTagged:
        assert isinstance(event.body, PostTagged)
        if attempt == 1 and event.body.post_id.endswith("-retried"):
            raise RuntimeError("the first attempt fails")
        return event.body

    def handle(self, batch: Sequence[PostTagged]) -> Sequence[Answer | Exception]:
        return [Answer((surge(tag),)) for tag in batch]


def surge(tag: PostTagged):
    body = ReportsSurged(
        surge_id=UUID(int=0),
        post_id=tag.post_id,
        reporters=5,
        window_seconds=60,
        surged_at=datetime.now(UTC),
    )
    return encode(body, id=str(body.surge_id), source="acme", key=tag.post_id, time=body.surged_at)


def make_amplifier(settings: Settings) -> Runnable:
    return Loop(
        Amplifier(),
        make_consumer(settings.kafka_bootstrap, "acme-amplifier"),
        RecordPublisher(make_producer(settings.kafka_bootstrap, "acme-amplifier")),
        settings=LoopSettings(threads=1, batch_size=1, batch_wait=0.0),
        retry=settings.retry,
    )


class Letterhead:
    """A signal that finds the company's name in the bytes of a file."""

    name = "acme-letterhead"
    version = "1"

    def __init__(self, _: SignalContext) -> None:
        pass

    def examine(self, media: ExaminedMedia) -> Finding | None:
        return (
            Finding(Label.DEEPFAKE, decisive=True, detail="made by ACME") if b"ACME" in media.data else None
        )


def register() -> None:
    """Register the worker and the signal. The package's entry point names this function."""
    register_worker(
        WorkerDescription("acme-amplifier", make_amplifier, SUBSCRIPTIONS, uses_retry_topics=True)
    )
    register_signal("acme-letterhead", Letterhead)
