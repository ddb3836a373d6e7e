"""Shadow mode without services: what it says, what it drops, and that its failures stay its own."""

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
from inference.card import ModelCard
from inference.detector import Detector
from inference.media.decoded import DecodedMedia, MediaKind
from pipeline.consumers.detection.assembly import shadow_verdict
from pipeline.consumers.detection.explanations import AnalysedMedia
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

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TRIAL = ModelIdentity("trial", "2", "b" * 64)
FIRST = ModelRef(name="first", version="1", weights_sha256="a" * 64)
SHA256 = "1" * 64
SECONDS = 60.0  # for a thread of low priority to do next to nothing on a busy machine


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
        pdq="0" * 64,
        pdq_quality=100,
        model=TRIAL,
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
        model=FIRST,
        issued_at=NOW,
    )


def said(sha256: str | None = SHA256, uri: str = "s3://platform-media/a.jpg") -> MediaVerdict:
    return MediaVerdict(uri=uri, label=Label.AUTHENTIC, score=0.1, threshold=0.8, sha256=sha256)


TRIAL_REF = ModelRef(name="trial", version="2", weights_sha256="b" * 64)


def test_shadow_verdict_is_about_the_media_that_both_analysed() -> None:
    # given a verdict on new, known and unreadable media
    refused = MediaVerdict(
        uri="s3://platform-media/c.jpg",
        label=Label.UNPROCESSABLE,
        score=None,
        threshold=None,
        reason=UnprocessableReason.OBJECT_MISSING,
    )
    beside = verdict(said(), said("2" * 64, "s3://platform-media/b.jpg"), refused)

    # when the model on trial looked at the new one
    found = shadow_verdict(beside, {SHA256: analysis()}, TRIAL_REF, identity="trial@2-0", now=NOW)

    # then its verdict is on that one, with an identity of its own
    assert found is not None
    assert [(one.uri, one.label, one.score, one.evidence) for one in found.media] == [
        ("s3://platform-media/a.jpg", Label.SUSPECTED, 0.9, ())
    ]
    assert (found.label, found.score, found.post_id) == (Label.SUSPECTED, 0.9, "post-1")
    assert (found.verdict_id, found.trigger, found.model) == (UUID(int=7), beside.trigger, TRIAL_REF)
    assert found.timings == {"score": 0.25}
    again = shadow_verdict(
        beside, {SHA256: analysis()}, TRIAL_REF, identity="trial@2-0", now=datetime.now(UTC)
    )
    assert again is not None
    assert again.shadow_id == found.shadow_id != beside.verdict_id


def test_nothing_is_said_of_media_that_the_trial_did_not_see() -> None:
    assert (
        shadow_verdict(
            verdict(said("2" * 64)), {SHA256: analysis()}, TRIAL_REF, identity="trial@2-0", now=NOW
        )
        is None
    )


class Outbox:
    """Takes what would be published."""

    def __init__(self) -> None:
        self.sent: list[ShadowVerdict] = []
        self.refuses = False

    def send(
        self, record: Record, on_safe: Callable[[], None], on_refused: Callable[[PublishError], None]
    ) -> None:
        if self.refuses:
            on_refused(PublishError("too large"))
            return
        body = decode(record.headers, record.value).body
        assert isinstance(body, ShadowVerdict)
        assert (record.topic, record.key) == ("media.verdicts.shadow", body.post_id.encode())
        self.sent.append(body)
        on_safe()

    def flush(self, _: float) -> int:
        return 0


class Trial:
    """A model that says what it is told, and may be held up or fail."""

    model = TRIAL
    card = ModelCard(
        name="trial",
        version="2",
        network="efficientnet_lite0",
        input_size=224,
        crop_margin=0.1,
        temperature=1.0,
        tag_threshold=0.95,
        suspect_threshold=0.5,
        min_face_px=48,
        weights="weights.safetensors",
        sha256="b" * 64,
        licence="none",
        data="none",
    )

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.has_begun = threading.Event()
        self.failures = 0

    def analyse_again(self, media: Any, before: tuple[MediaAnalysis, ...]) -> list[MediaAnalysis]:
        self.has_begun.set()
        assert self.may_go_on.wait(SECONDS)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of memory")
        return [replace(one, score=0.9, label=Label.SUSPECTED) for one in before]


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def trial() -> Trial:
    return Trial()


@pytest.fixture
def make_shadow(outbox: Outbox) -> Iterator[Callable[..., Shadow]]:
    made: list[Shadow] = []

    def make(load: Callable[[], Any], **limits: int) -> Shadow:
        made.append(Shadow(load, cast(RecordPublisher, outbox), source="test", **limits))
        return made[-1]

    yield make
    for shadow in made:
        shadow.close(SECONDS)


class Picture:
    """What the shadow asks of a decoded media: its size."""

    nbytes = 1000


PICTURE = cast(DecodedMedia, Picture())


def analysed(sha256: str = SHA256) -> list[AnalysedMedia]:
    return [(PICTURE, analysis(sha256, 0.1, Label.AUTHENTIC))]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("fakeme_shadow_verdicts_total", {"outcome": outcome}) or 0.0


def test_every_verdict_on_new_media_gets_its_shadow(
    make_shadow: Callable[..., Shadow], outbox: Outbox, trial: Trial
) -> None:
    before = counted("published")
    shadow = make_shadow(lambda: cast(Detector, trial))

    shadow.submit(analysed(), [verdict(said()), verdict(said(), post="post-2"), verdict(said("2" * 64))])
    shadow.close(SECONDS)

    assert [(one.post_id, one.label) for one in outbox.sent] == [
        ("post-1", Label.SUSPECTED),
        ("post-2", Label.SUSPECTED),
    ]
    assert counted("published") - before == 2


def test_what_does_not_fit_behind_a_slow_trial_is_dropped_and_counted(
    make_shadow: Callable[..., Shadow], outbox: Outbox, trial: Trial
) -> None:
    # given a trial that hangs on its first batch, and room for one more
    before = counted("dropped")
    trial.may_go_on.clear()
    shadow = make_shadow(lambda: cast(Detector, trial), max_queued_bytes=2000)
    shadow.submit(analysed(), [verdict(said(), post="hangs")])
    assert trial.has_begun.wait(SECONDS)

    # when three more come
    for post in ("waits", "dropped", "dropped-too"):
        shadow.submit(analysed(), [verdict(said(), post=post)])
    trial.may_go_on.set()
    shadow.close(SECONDS)

    # then nobody waited, and two are lost
    assert [one.post_id for one in outbox.sent] == ["hangs", "waits"]
    assert counted("dropped") - before == 2


def test_a_worker_that_stops_does_not_wait_for_what_nobody_has_begun(
    make_shadow: Callable[..., Shadow], outbox: Outbox, trial: Trial
) -> None:
    # given a batch under way and another behind it
    trial.may_go_on.clear()
    shadow = make_shadow(lambda: cast(Detector, trial))
    shadow.submit(analysed(), [verdict(said(), post="under-way")])
    assert trial.has_begun.wait(SECONDS)
    shadow.submit(analysed(), [verdict(said(), post="waits")])

    # when the worker stops
    shadow.close(0.0, finish=False)
    trial.may_go_on.set()
    shadow.close(SECONDS, finish=False)

    # then only the first is finished
    assert [one.post_id for one in outbox.sent] == ["under-way"]


def test_a_batch_larger_than_the_room_is_taken_when_nothing_waits(
    make_shadow: Callable[..., Shadow], outbox: Outbox, trial: Trial
) -> None:
    shadow = make_shadow(lambda: cast(Detector, trial), max_queued_bytes=1)

    shadow.submit(analysed(), [verdict(said())])
    shadow.close(SECONDS)

    assert len(outbox.sent) == 1


def test_a_trial_that_fails_goes_on_with_the_next(
    make_shadow: Callable[..., Shadow], outbox: Outbox, trial: Trial
) -> None:
    before = counted("failed")
    trial.failures = 1

    with capture_logs() as logs:
        shadow = make_shadow(lambda: cast(Detector, trial))
        shadow.submit(analysed(), [verdict(said(), post="fails")])
        shadow.submit(analysed(), [verdict(said(), post="works")])
        shadow.close(SECONDS)

    assert [one.post_id for one in outbox.sent] == ["works"]
    assert counted("failed") - before == 1
    assert [(line["event"], line["posts"]) for line in logs] == [("shadow.failed", ["fails"])]


def test_a_trial_that_cannot_be_loaded_costs_only_shadows(
    make_shadow: Callable[..., Shadow], outbox: Outbox
) -> None:
    before = counted("failed")

    def load() -> Detector:
        raise RuntimeError("no such model")

    with capture_logs() as logs:
        shadow = make_shadow(load)
        shadow.submit(analysed(), [verdict(said())])
        shadow.close(SECONDS)

    assert (outbox.sent, counted("failed") - before) == ([], 1)
    assert [line["event"] for line in logs] == ["shadow.not_loaded"]


def test_a_broker_that_refuses_is_counted(
    make_shadow: Callable[..., Shadow], outbox: Outbox, trial: Trial
) -> None:
    before = counted("failed")
    outbox.refuses = True

    with capture_logs() as logs:
        shadow = make_shadow(lambda: cast(Detector, trial))
        shadow.submit(analysed(), [verdict(said())])
        shadow.close(SECONDS)

    assert counted("failed") - before == 1
    assert [(line["event"], line["error"]) for line in logs] == [("shadow.refused", "too large")]
