"""Moderation events: cases, decisions and surges of reports."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import MAX_TEXT, Contract, Instant, PlatformId, Probability
from schemas.posts import ReportReason


class CaseState(StrEnum):
    """The state of a case."""

    OPEN = "open"
    CLAIMED = "claimed"
    ESCALATED = "escalated"
    DECIDED = "decided"


class CaseOrigin(StrEnum):
    """The kind of signal that opened a case."""

    REPORT = "report"
    SUSPICION = "suspicion"
    APPEAL = "appeal"


class CaseChange(StrEnum):
    """The kind of change of a case."""

    OPENED = "opened"
    JOINED = "joined"
    CLAIMED = "claimed"
    RELEASED = "released"
    ESCALATED = "escalated"
    DECIDED = "decided"


class DecisionKind(StrEnum):
    """A moderator's possible decisions."""

    DEEPFAKE = "deepfake"
    AUTHENTIC = "authentic"
    REMOVE = "remove"
    ESCALATE = "escalate"


class CaseChanged(Contract):
    """A moderation case was opened, joined by a signal, claimed, released, escalated or decided."""

    event_id: UUID = Field(description="Deterministic id, derived from case, change and cause.")
    case_id: UUID = Field(description="The case that changed.")
    post_id: PlatformId = Field(description="The post that the case is about.")
    state: CaseState = Field(description="The state after the change.")
    change: CaseChange = Field(description="The kind of change.")
    origin: CaseOrigin = Field(description="The kind of signal that opened the case.")
    priority: float = Field(ge=0, description="Priority without age; higher is more urgent.")
    reasons: tuple[ReportReason, ...] = Field(default=(), description="The reasons of all reports so far.")
    reporters: int = Field(default=0, ge=0, description="Number of distinct users who reported the post.")
    score: Probability | None = Field(
        default=None, description="The highest score of all verdicts on the post; null without a score."
    )
    changed_at: Instant = Field(description="When the case changed.")


class DecisionMade(Contract):
    """A moderator decided a case. The decision overrides every verdict on the post."""

    decision_id: UUID = Field(description="Deterministic id; one claim of a case gives one decision.")
    case_id: UUID = Field(description="The case that was decided.")
    post_id: PlatformId = Field(description="The post that the case is about.")
    decision: DecisionKind = Field(description="The decision.")
    moderator: str = Field(max_length=128, pattern=r"\S", description="The moderator who decided.")
    note: str = Field(default="", max_length=MAX_TEXT, description="The moderator's note.")
    decided_at: Instant = Field(description="When the case was decided.")


class ReportsSurged(Contract):
    """Many users reported a post within a short time."""

    surge_id: UUID = Field(description="Deterministic id, derived from post and start of the time window.")
    post_id: PlatformId = Field(description="The reported post.")
    reporters: int = Field(ge=1, description="Number of distinct reporters in the time window.")
    window_seconds: int = Field(ge=1, description="Length of the time window in seconds.")
    surged_at: Instant = Field(description="When the threshold was reached.")
