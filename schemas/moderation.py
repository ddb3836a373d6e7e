"""What moderators are asked and what they answer: cases, decisions, and surges of reports."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import MAX_TEXT, Contract, Instant, PlatformId, Probability
from schemas.posts import ReportReason


class CaseState(StrEnum):
    """Where a case is."""

    OPEN = "open"
    CLAIMED = "claimed"
    ESCALATED = "escalated"
    DECIDED = "decided"


class CaseOrigin(StrEnum):
    """What opened a case."""

    REPORT = "report"
    SUSPICION = "suspicion"
    APPEAL = "appeal"


class CaseChange(StrEnum):
    """What just happened to a case."""

    OPENED = "opened"
    JOINED = "joined"
    CLAIMED = "claimed"
    RELEASED = "released"
    ESCALATED = "escalated"
    DECIDED = "decided"


class DecisionKind(StrEnum):
    """What a moderator can decide."""

    DEEPFAKE = "deepfake"
    AUTHENTIC = "authentic"
    REMOVE = "remove"
    ESCALATE = "escalate"


class CaseChanged(Contract):
    """A moderation case was opened, joined by another signal, claimed, or closed."""

    event_id: UUID
    case_id: UUID
    post_id: PlatformId
    state: CaseState
    change: CaseChange
    origin: CaseOrigin
    priority: float = Field(ge=0, description="Higher is looked at sooner.")
    reasons: tuple[ReportReason, ...] = ()
    reporters: int = Field(default=0, ge=0, description="Distinct users who reported the post.")
    score: Probability | None = None
    changed_at: Instant


class DecisionMade(Contract):
    """A moderator decided a case; this beats every verdict on the post."""

    decision_id: UUID
    case_id: UUID
    post_id: PlatformId
    decision: DecisionKind
    moderator: str = Field(min_length=1, max_length=128)
    note: str = Field(default="", max_length=MAX_TEXT)
    decided_at: Instant


class ReportsSurged(Contract):
    """Many people reported a post within a short time."""

    surge_id: UUID
    post_id: PlatformId
    reporters: int = Field(ge=1, description="Distinct reporters inside the window.")
    window_seconds: int = Field(ge=1)
    surged_at: Instant
