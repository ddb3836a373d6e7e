"""What the platform should show on a post: the #Deepfake hashtag, put there or taken away."""

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
    """What a tag stands on."""

    VERDICT = "verdict"
    DECISION = "decision"


class TagCause(Contract):
    """The verdict or decision by which a tag was put or taken away."""

    kind: CauseKind = Field(description="Which of the two it is.")
    id: UUID = Field(description="The verdict_id or decision_id.")


class Explanation(Contract):
    """Why, in the languages of the people who read it."""

    en: str = Field(max_length=500, description="In English.")
    ko: str = Field(max_length=500, description="In Korean.")


class PostTagged(Contract):
    """The tag of a post changed."""

    tag_event_id: UUID = Field(description="Identity of this change: post, action and cause.")
    post_id: PlatformId = Field(description="The post to change.")
    tag: str = Field(
        default=DEEPFAKE_TAG, max_length=140, pattern=r"^#[^\s#]+$", description="The hashtag itself."
    )
    action: TagAction = Field(description="Put the tag on the post, or take it away.")
    why: Explanation = Field(description="Text to show beside the tag.")
    cause: TagCause = Field(description="What the change stands on.")
    tagged_at: Instant = Field(description="When FakeME changed its mind.")
