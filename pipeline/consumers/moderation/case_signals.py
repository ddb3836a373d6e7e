"""What an event means for the case of its post. Pure."""

from functools import partial

from schemas.envelope import Event
from schemas.moderation import CaseOrigin, ReportsSurged
from schemas.posts import PostAppealed, PostReported
from schemas.verdicts import Label, VerdictIssued
from storage.signals import Signal, SignalKind


def signal_of(event: Event) -> Signal:
    """What an event means for the case of its post.

    Reports, appeals and surges open a case, and so does a suspicion. Other verdicts need no moderator; if
    one looks at the post already, they bring the score. Raises ``TypeError`` for events of other topics.
    """
    body = event.body
    if isinstance(body, PostReported):
        signal = partial(Signal, kind=SignalKind.REPORT, opens=CaseOrigin.REPORT, reason=body.reason)
    elif isinstance(body, PostAppealed):
        signal = partial(Signal, kind=SignalKind.APPEAL, opens=CaseOrigin.APPEAL)
    elif isinstance(body, ReportsSurged):
        signal = partial(Signal, kind=SignalKind.SURGE, opens=CaseOrigin.REPORT, reporters=body.reporters)
    elif isinstance(body, VerdictIssued):
        opens = CaseOrigin.SUSPICION if body.label is Label.SUSPECTED else None
        signal = partial(Signal, kind=SignalKind.VERDICT, opens=opens, score=body.score)
    else:
        raise TypeError(f"{type(body).__name__} is nothing that moderation subscribes to")
    return signal(event_id=event.id, post_id=body.post_id, body=body.model_dump(mode="json"))
