"""Converts events into signals for the case of their post. Pure functions."""

from functools import partial

from schemas.envelope import Event
from schemas.moderation import CaseOrigin, ReportsSurged
from schemas.posts import PostAppealed, PostReported
from schemas.verdicts import Label, VerdictIssued
from storage.signals import Signal, SignalKind


def signal_of(event: Event) -> Signal:
    """Return what an event means for the case of its post.

    Reports, appeals and ``suspected`` verdicts open a case. Any other verdict only updates the score
    of a case that is already open. Raise ``TypeError`` for events of other topics.
    """
    body = event.body
    if isinstance(body, PostReported):
        signal = partial(Signal, kind=SignalKind.REPORT, opens=CaseOrigin.REPORT, reason=body.reason)
    elif isinstance(body, PostAppealed):
        signal = partial(Signal, kind=SignalKind.APPEAL, opens=CaseOrigin.APPEAL)
    elif isinstance(body, VerdictIssued):
        opens = CaseOrigin.SUSPICION if body.label is Label.SUSPECTED else None
        signal = partial(Signal, kind=SignalKind.VERDICT, opens=opens, score=body.score)
    else:
        raise TypeError(f"{type(body).__name__} is not an event that moderation subscribes to")
    return signal(
        event_id=event.id, source=event.source, post_id=body.post_id, body=body.model_dump(mode="json")
    )


def surge_signal(surge: ReportsSurged, *, source: str) -> Signal:
    """Return what a surge means for the case of its post; ``source`` is that of its announcement."""
    return Signal(
        event_id=str(surge.surge_id),
        source=source,
        post_id=surge.post_id,
        kind=SignalKind.SURGE,
        opens=CaseOrigin.REPORT,
        body=surge.model_dump(mode="json"),
        reporters=surge.reporters,
    )
