"""What the moderation queue takes in: an event, reduced to what it means for the case of its post."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.moderation import CaseOrigin
from schemas.posts import ReportReason


class SignalKind(StrEnum):
    """Where a signal comes from."""

    REPORT = "report"
    VERDICT = "verdict"
    APPEAL = "appeal"
    SURGE = "surge"


@dataclass(frozen=True)
class Signal:
    """What one event says about a post.

    ``opens`` is the origin of the case that is opened if the post has none that is undecided; none: a
    signal of this kind only changes a case that is there. ``reporters`` is how many different people are
    known to have reported the post, if the event says so itself.
    """

    event_id: str
    post_id: str
    kind: SignalKind
    opens: CaseOrigin | None
    body: Mapping[str, Any]
    reason: ReportReason | None = None
    score: float | None = None
    reporters: int = 0
