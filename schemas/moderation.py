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

    event_id: UUID = Field(description="Identity of this change: case, change and its cause.")
    case_id: UUID = Field(description="The case that changed.")
    post_id: PlatformId = Field(description="The post that the case is about.")
    state: CaseState = Field(description="Where the case is now.")
    change: CaseChange = Field(description="What just happened.")
    origin: CaseOrigin = Field(description="What opened the case.")
    priority: float = Field(ge=0, description="Higher is looked at sooner.")
    reasons: tuple[ReportReason, ...] = Field(default=(), description="Reasons that reporters gave so far.")
    reporters: int = Field(default=0, ge=0, description="Distinct users who reported the post.")
    score: Probability | None = Field(
        default=None, description="Highest score that a verdict gave the post; null without one."
    )
    changed_at: Instant = Field(description="When it happened.")


class DecisionMade(Contract):
    """A moderator decided a case; this beats every verdict on the post."""

    decision_id: UUID = Field(description="Identity of the decision: one claim of a case yields one.")
    case_id: UUID = Field(description="The case that was decided.")
    post_id: PlatformId = Field(description="The post that the case is about.")
    decision: DecisionKind = Field(description="What was decided.")
    moderator: str = Field(max_length=128, pattern=r"\S", description="Who decided.")
    note: str = Field(default="", max_length=MAX_TEXT, description="The moderator's own words.")
    decided_at: Instant = Field(description="When it was decided.")


class ReportsSurged(Contract):
    """Many people reported a post within a short time."""

    surge_id: UUID = Field(description="Identity of the surge: post and start of the window.")
    post_id: PlatformId = Field(description="The post that is reported.")
    reporters: int = Field(ge=1, description="Distinct reporters inside the window.")
    window_seconds: int = Field(ge=1, description="Length of the window.")
    surged_at: Instant = Field(description="When the count was reached.")
