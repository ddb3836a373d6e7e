"""Shadow mode without services: its verdicts, what it drops, and that its failures affect nothing else."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from inference.analysis import MediaAnalysis, ModelIdentity
from inference.detector import Detector
from inference.fingerprint import Fingerprint
from inference.media.decoded import DecodedMedia, MediaKind
from pipeline.consumers.detection.assembly import shadow_verdict
from pipeline.consumers.detection.shadow import Shadow
from pipeline.runtime.kafka import PublishError, RecordPublisher
from schemas.envelope import Record, decode
from schemas.verdicts import (
    Label,
    MediaVerdict,
    ModelRef,
    ShadowVerdict,
    Trigger,
    TriggerKind,
    UnprocessableReason,
    VerdictIssued,
)
from tests.unit.inference.random_checkpoint import made_up_card

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHADOW_MODEL = ModelIdentity("shadow", "2", "b" * 64)
SERVING_REF = ModelRef(name="serving", version="1", weights_sha256="a" * 64)
SHA256 = "1" * 64
TIMEOUT_SECONDS = 60.0  # enough for a low-priority thread on a busy machine


def analysis(
    sha256: str = SHA256, score: float | None = 0.9, label: Label = Label.SUSPECTED
) -> MediaAnalysis:
    return MediaAnalysis(
        label=label,
        score=score,
        threshold=0.95,
        suspect_threshold=0.5,
        faces=(),
        note="",
        kind=MediaKind.IMAGE,
        media_type="image/jpeg",
        width=64,
        height=64,
        frames=1,
        seconds=None,
        sha256=sha256,
        fingerprints=(Fingerprint("0" * 64, 100),),
        model=SHADOW_MODEL,
        timings={"score": 0.25},
    )


def verdict(*media: MediaVerdict, post: str = "post-1") -> VerdictIssued:
    return VerdictIssued(
        verdict_id=UUID(int=7),
        post_id=post,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="event-1"),
        label=Label.AUTHENTIC,
        score=0.1,
        media=media,
        model=SERVING_REF,
        issued_at=NOW,
    )


def media_verdict(sha256: str | None = SHA256, uri: str = "s3://platform-media/a.jpg") -> MediaVerdict:
    return MediaVerdict(uri=uri, label=Label.AUTHENTIC, score=0.1, threshold=0.8, sha256=sha256)


SHADOW_REF = ModelRef(name="shadow", version="2", weights_sha256="b" * 64)


def test_shadow_verdict_covers_the_media_items_that_both_models_analysed() -> None:
    # given a verdict on a new, a known and an unreadable media item
    unreadable = MediaVerdict(
        uri="s3://platform-media/c.jpg",
        label=Label.UNPROCESSABLE,
        score=None,
        threshold=None,
        reason=UnprocessableReason.OBJECT_MISSING,
    )
    serving_verdict = verdict(
        media_verdict(), media_verdict("2" * 64, "s3://platform-media/b.jpg"), unreadable
    )

    # when the shadow model has analysed the new one
    shadow = shadow_verdict(serving_verdict, {SHA256: analysis()}, SHADOW_REF, identity="shadow@2-0", now=NOW)

    # then the shadow verdict covers that one and has its own id
    assert shadow is not None
    assert [(media.uri, media.label, media.score, media.evidence) for media in shadow.media] == [
        ("s3://platform-media/a.jpg", Label.SUSPECTED, 0.9, ())
    ]
    assert (shadow.label, shadow.score, shadow.post_id) == (Label.SUSPECTED, 0.9, "post-1")
    assert (shadow.verdict_id, shadow.trigger, shadow.model) == (
        UUID(int=7),
        serving_verdict.trigger,
        SHADOW_REF,
    )
    assert shadow.timings == {"score": 0.25}
    repeated = shadow_verdict(
        serving_verdict, {SHA256: analysis()}, SHADOW_REF, identity="shadow@2-0", now=datetime.now(UTC)
    )
    assert repeated is not None
    assert repeated.shadow_id == shadow.shadow_id != serving_verdict.verdict_id


def test_there_is_no_shadow_verdict_without_shadow_analyses() -> None:
    assert (
        shadow_verdict(
            verdict(media_verdict("2" * 64)), {SHA256: analysis()}, SHADOW_REF, identity="shadow@2-0", now=NOW
        )
        is None
    )


class FakePublisher:
    """Keeps the shadow verdicts that would be published."""

    def __init__(self) -> None:
        self.sent: list[ShadowVerdict] = []
        self.rejects = False

    def send(
        self, record: Record, on_acknowledged: Callable[[], None], on_rejected: Callable[[PublishError], None]
    ) -> None:
        if self.rejects:
            on_rejected(PublishError("too large"))
            return
        body = decode(record.headers, record.value).body
        assert isinstance(body, ShadowVerdict)
        assert (record.topic, record.key) == ("media.verdicts.shadow", body.post_id.encode())
        self.sent.append(body)
        on_acknowledged()

    def flush(self, _: float) -> int:
        return 0


class FakeDetector:
    """A shadow model that can be made to block or to fail."""

    model = SHADOW_MODEL
    card = made_up_card(suspect=0.5, tag=0.95)

    def __init__(self) -> None:
        self.unblocked = threading.Event()
        self.unblocked.set()
        self.started = threading.Event()
        self.failures = 0
        self.calls = 0

    def analyse_again(self, media: Any, before: tuple[MediaAnalysis, ...]) -> list[MediaAnalysis]:
        self.calls += 1
        self.started.set()
        assert self.unblocked.wait(TIMEOUT_SECONDS)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of memory")
        return [replace(analysis, score=0.9, label=Label.SUSPECTED) for analysis in before]


@pytest.fixture
def publisher() -> FakePublisher:
    return FakePublisher()


@pytest.fixture
def detector() -> FakeDetector:
    return FakeDetector()


@pytest.fixture
def make_shadow(publisher: FakePublisher) -> Iterator[Callable[..., Shadow]]:
    shadows: list[Shadow] = []

    def make(load: Callable[[], Any], **limits: int) -> Shadow:
        shadows.append(Shadow(load, cast(RecordPublisher, publisher), source="test", **limits))
        return shadows[-1]

    yield make
    for shadow in shadows:
        shadow.close(TIMEOUT_SECONDS)


class FakeDecodedMedia:
    """The only attribute of a decoded media item that the shadow uses."""

    nbytes = 1000


DECODED = cast(DecodedMedia, FakeDecodedMedia())


def submit(shadow: Shadow, sha256: str, *posts: str) -> None:
    """Let the shadow see one media item, then the verdicts on the posts that have it."""
    shadow.offer([(DECODED, analysis(sha256, 0.1, Label.AUTHENTIC))])
    shadow.publish([verdict(media_verdict(sha256), post=post) for post in posts])


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("fakeme_shadow_verdicts_total", {"outcome": outcome}) or 0.0


def test_every_verdict_on_new_media_items_gets_a_shadow_verdict(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher, detector: FakeDetector
) -> None:
    before = count("published")
    shadow = make_shadow(lambda: cast(Detector, detector))

    submit(shadow, SHA256, "post-1", "post-2")
    shadow.publish([verdict(media_verdict("2" * 64), post="post-3")])
    shadow.close(TIMEOUT_SECONDS)

    assert [(verdict.post_id, verdict.label) for verdict in publisher.sent] == [
        ("post-1", Label.SUSPECTED),
        ("post-2", Label.SUSPECTED),
    ]
    assert count("published") - before == 2


def test_batches_that_do_not_fit_into_the_queue_are_dropped_and_counted(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher, detector: FakeDetector
) -> None:
    # given a shadow model that blocks on its first batch, and room for one more
    before = count("dropped")
    detector.unblocked.clear()
    shadow = make_shadow(lambda: cast(Detector, detector), max_queued_bytes=2000)
    submit(shadow, "1" * 64, "blocks")
    assert detector.started.wait(TIMEOUT_SECONDS)

    # when three more batches are submitted
    for sha256, post in (("2" * 64, "waits"), ("3" * 64, "dropped"), ("4" * 64, "dropped-too")):
        submit(shadow, sha256, post)
    detector.unblocked.set()
    shadow.close(TIMEOUT_SECONDS)

    # then two are dropped
    assert [verdict.post_id for verdict in publisher.sent] == ["blocks", "waits"]
    assert count("dropped") - before == 2


def test_stopping_worker_does_not_wait_for_queued_batches(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher, detector: FakeDetector
) -> None:
    # given a batch in progress and a queued one
    detector.unblocked.clear()
    shadow = make_shadow(lambda: cast(Detector, detector))
    submit(shadow, "1" * 64, "in-progress")
    assert detector.started.wait(TIMEOUT_SECONDS)
    submit(shadow, "2" * 64, "waits")

    # when the worker stops
    shadow.close(0.0, finish=False)
    detector.unblocked.set()
    shadow.close(TIMEOUT_SECONDS, finish=False)

    # then only the analysis in progress is finished
    assert detector.calls == 1
    assert publisher.sent == []


def test_empty_queue_accepts_a_batch_that_exceeds_the_limit(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher, detector: FakeDetector
) -> None:
    shadow = make_shadow(lambda: cast(Detector, detector), max_queued_bytes=1)

    submit(shadow, SHA256, "post-1")
    shadow.close(TIMEOUT_SECONDS)

    assert len(publisher.sent) == 1


def test_shadow_model_continues_after_a_failure(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher, detector: FakeDetector
) -> None:
    before = count("failed")
    detector.failures = 1

    with capture_logs() as logs:
        shadow = make_shadow(lambda: cast(Detector, detector))
        submit(shadow, "1" * 64, "fails")
        submit(shadow, "2" * 64, "works")
        shadow.close(TIMEOUT_SECONDS)

    assert [verdict.post_id for verdict in publisher.sent] == ["works"]
    assert count("failed") - before == 1
    assert [(line["event"], line["sha256"]) for line in logs] == [("shadow.failed", ("1" * 64,))]


def test_shadow_model_that_cannot_be_loaded_only_loses_shadow_verdicts(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher
) -> None:
    before = count("failed")

    def load() -> Detector:
        raise RuntimeError("no such model")

    with capture_logs() as logs:
        shadow = make_shadow(load)
        submit(shadow, SHA256, "post-1")
        shadow.close(TIMEOUT_SECONDS)

    assert (publisher.sent, count("failed") - before) == ([], 1)
    assert [line["event"] for line in logs] == ["shadow.not_loaded"]


def test_rejected_shadow_verdict_is_counted(
    make_shadow: Callable[..., Shadow], publisher: FakePublisher, detector: FakeDetector
) -> None:
    before = count("failed")
    publisher.rejects = True

    with capture_logs() as logs:
        shadow = make_shadow(lambda: cast(Detector, detector))
        submit(shadow, SHA256, "post-1")
        shadow.close(TIMEOUT_SECONDS)

    assert count("failed") - before == 1
    assert [(line["event"], line["error"]) for line in logs] == [("shadow.refused", "too large")]
