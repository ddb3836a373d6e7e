"""How moderation converts events into signals for cases."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from pipeline.consumers.moderation.case_signals import signal_of, surge_signal
from schemas.base import Contract
from schemas.envelope import Event
from schemas.moderation import CaseOrigin, ReportsSurged
from schemas.posts import Media, PostAppealed, PostCreated, PostReported, ReportReason
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage.signals import Signal, SignalKind

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SOME_ID = UUID(int=1)
REPORT = PostReported(
    report_id="r1",
    post_id="p1",
    reporter_id="u1",
    reason=ReportReason.SEXUAL,
    text="this is me",
    reported_at=NOW,
)
APPEAL = PostAppealed(appeal_id="a1", post_id="p1", author_id="u2", text="it is real", appealed_at=NOW)
SURGE = ReportsSurged(surge_id=SOME_ID, post_id="p1", reporters=7, window_seconds=600, surged_at=NOW)


def _verdict(label: Label, score: float | None) -> VerdictIssued:
    media = MediaVerdict(uri="s3://platform-media/a.jpg", label=label, score=score, threshold=None)
    return VerdictIssued(
        verdict_id=SOME_ID,
        post_id="p1",
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="e0"),
        label=label,
        score=score,
        media=(media,),
        model=ModelRef(name="m", version="1", weights_sha256="0" * 64),
        issued_at=NOW,
    )


def _event(body: Contract) -> Event:
    return Event(id="e1", source="platform", type="…", body=body)


def _signal(body: Contract, kind: SignalKind, opens: CaseOrigin | None, **extra: Any) -> Signal:
    body_fields = body.model_dump(mode="json")
    return Signal("e1", "p1", kind, opens, body_fields, source="platform", **extra)


@pytest.mark.parametrize(
    ("body", "kind", "opens", "extra"),
    [
        (REPORT, SignalKind.REPORT, CaseOrigin.REPORT, {"reason": ReportReason.SEXUAL}),
        (APPEAL, SignalKind.APPEAL, CaseOrigin.APPEAL, {}),
        (_verdict(Label.SUSPECTED, 0.6), SignalKind.VERDICT, CaseOrigin.SUSPICION, {"score": 0.6}),
        (_verdict(Label.DEEPFAKE, 0.99), SignalKind.VERDICT, None, {"score": 0.99}),
        (_verdict(Label.AUTHENTIC, 0.01), SignalKind.VERDICT, None, {"score": 0.01}),
        (_verdict(Label.NO_FACE, None), SignalKind.VERDICT, None, {}),
        (_verdict(Label.UNPROCESSABLE, None), SignalKind.VERDICT, None, {}),
    ],
    ids=lambda value: getattr(value, "label", None) or type(value).__name__,
)
def test_event_becomes_a_signal(
    body: Contract, kind: SignalKind, opens: CaseOrigin | None, extra: dict[str, Any]
) -> None:
    assert signal_of(_event(body)) == _signal(body, kind, opens, **extra)


def test_surge_becomes_a_signal() -> None:
    body = SURGE.model_dump(mode="json")
    expected = Signal(
        str(SOME_ID), "p1", SignalKind.SURGE, CaseOrigin.REPORT, body, reporters=7, source="fakeme"
    )
    assert surge_signal(SURGE, source="fakeme") == expected


def test_event_of_another_topic_is_rejected() -> None:
    post = PostCreated(
        post_id="p1",
        author_id="u1",
        media=(Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg"),),
        created_at=NOW,
    )
    with pytest.raises(TypeError, match="PostCreated"):
        signal_of(_event(post))
