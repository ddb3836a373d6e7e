"""Tag events: add the #Deepfake hashtag to a post, or remove it."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, PlatformId
from schemas.moderation import DecisionKind
from schemas.verdicts import Label

DEEPFAKE_TAG = "#Deepfake"

# Which verdicts and decisions set or clear the tag. The others leave it as it is: `suspected` and
# `unprocessable` are questions for moderators, and `remove` and `escalate` do not say what the media are.
TAGGED_BY_LABEL = {Label.DEEPFAKE: True, Label.AUTHENTIC: False, Label.NO_FACE: False}
TAGGED_BY_DECISION = {DecisionKind.DEEPFAKE: True, DecisionKind.AUTHENTIC: False}


class TagAction(StrEnum):
    """What to do with the tag."""

    ADD = "add"
    REMOVE = "remove"


class CauseKind(StrEnum):
    """The kind of cause of a tag change."""

    VERDICT = "verdict"
    DECISION = "decision"


class TagCause(Contract):
    """The verdict or decision that caused a tag change."""

    kind: CauseKind = Field(description="The kind of cause.")
    id: UUID = Field(description="The verdict_id or decision_id.")


class Explanation(Contract):
    """The explanation for users, in their languages."""

    en: str = Field(max_length=500, description="In English.")
    ko: str = Field(max_length=500, description="In Korean.")


class PostTagged(Contract):
    """The tag of a post changed."""

    tag_event_id: UUID = Field(description="Deterministic id, derived from post, action and cause.")
    post_id: PlatformId = Field(description="The post to change.")
    tag: str = Field(default=DEEPFAKE_TAG, max_length=140, pattern=r"^#[^\s#]+$", description="The hashtag.")
    action: TagAction = Field(description="Whether to add or remove the tag.")
    why: Explanation = Field(description="The text to show with the tag.")
    cause: TagCause = Field(description="The cause of the change.")
    tagged_at: Instant = Field(description="When the tag changed.")
