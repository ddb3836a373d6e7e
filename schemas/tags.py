"""What the platform should show on a post: the #Deepfake hashtag, put there or taken away."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, PlatformId

DEEPFAKE_TAG = "#Deepfake"


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

    kind: CauseKind
    id: UUID


class Explanation(Contract):
    """Why, in the languages of the people who read it."""

    en: str = Field(max_length=500)
    ko: str = Field(max_length=500)


class PostTagged(Contract):
    """The tag of a post changed."""

    tag_event_id: UUID
    post_id: PlatformId
    tag: str = Field(default=DEEPFAKE_TAG, pattern=r"^#\w+$")
    action: TagAction
    why: Explanation
    cause: TagCause
    tagged_at: Instant
