"""Signals: the part of an event that matters to the moderation case of its post."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.identity import cause_id
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

    event_id: str  # the CloudEvents id; with ``source`` it identifies the event
    post_id: str
    kind: SignalKind
    opens: CaseOrigin | None
    body: Mapping[str, Any]
    reason: ReportReason | None = None
    score: float | None = None
    reporters: int = 0
    source: str = ""

    @property
    def cause(self) -> str:
        """The id of the event as a cause of other events."""
        return cause_id(self.kind.value, self.source, self.event_id)

    @property
    def reporter_id(self) -> str | None:
        """The user who reported the post; None if the event is not a report."""
        return self.body.get("reporter_id") if self.kind is SignalKind.REPORT else None
