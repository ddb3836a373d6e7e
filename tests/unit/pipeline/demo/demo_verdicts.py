"""Verdicts on demo posts for tests."""

from datetime import UTC, datetime
from uuid import uuid4

from schemas.verdicts import (
    Label,
    MediaVerdict,
    ModelRef,
    SignalFinding,
    Trigger,
    TriggerKind,
    UnprocessableReason,
    VerdictIssued,
)


def finding(signal: str, label: Label | None = None, *, decisive: bool = False) -> SignalFinding:
    return SignalFinding(
        signal=signal, version="1", label=label, decisive=decisive, detail=f"what {signal} found"
    )


def verdict(
    label: Label,
    *signals: SignalFinding,
    score: float | None = None,
    reused: bool = False,
    reason: UnprocessableReason | None = None,
    kind: TriggerKind = TriggerKind.CREATED,
    post_id: str = "post-1",
) -> VerdictIssued:
    """A verdict on a post with one media item."""
    item = MediaVerdict(
        uri="s3://platform-media/a.jpg",
        label=label,
        score=score,
        threshold=None,
        reason=reason,
        signals=signals,
        reused=reused,
    )
    return VerdictIssued(
        verdict_id=uuid4(),
        post_id=post_id,
        trigger=Trigger(kind=kind, event_id="event-1"),
        label=label,
        score=score,
        media=(item,),
        reason=reason,
        model=ModelRef(name="a-model", version="1", weights_sha256="0" * 64),
        issued_at=datetime.now(UTC),
    )
