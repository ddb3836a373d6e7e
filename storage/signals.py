"""Signals: the part of an event that matters to the moderation case of its post."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.moderation import CaseOrigin
from schemas.posts import ReportReason


class SignalKind(StrEnum):
    """The kind of event that a signal comes from."""

    REPORT = "report"
    VERDICT = "verdict"
    APPEAL = "appeal"
    SURGE = "surge"


@dataclass(frozen=True)
class Signal:
    """The content of one event about a post.

    ``opens`` is the origin of the case to open if the post has no undecided case; None if the signal only
    updates an existing case. ``reporters`` is the number of distinct reporters if the event contains it.
    """

    event_id: str
    post_id: str
    kind: SignalKind
    opens: CaseOrigin | None
    body: Mapping[str, Any]
    reason: ReportReason | None = None
    score: float | None = None
    reporters: int = 0
