"""What is posted over HTTP: the event contracts, read strictly, so that a misspelt field is noticed.

Consumers of topics ignore fields that they do not know, since a producer may be newer. Here FakeME is the one
that is asked, and a field that it would drop is an error of the caller.
"""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from schemas.posts import MAX_MEDIA, Media, PostAppealed, PostCreated, PostReported

_CAT = {
    "uri": "s3://platform-media/2026/11/cat.jpg",
    "media_type": "image/jpeg",
    "alt_text": "A cat on a windowsill",
}
_MOMENT = "2026-11-23T12:00:00+09:00"


def _example(**fields: Any) -> dict[str, Any]:
    return {"examples": [fields]}


class NewMedia(Media, extra="forbid"):
    """One picture or video of a post, already in object storage."""


class NewPost(
    PostCreated,
    extra="forbid",
    json_schema_extra=_example(
        post_id="post-1", author_id="ann", text="Look!", media=[_CAT], created_at=_MOMENT
    ),
):
    """A post that is about to be shown."""

    media: Annotated[tuple[NewMedia, ...], Field(min_length=1, max_length=MAX_MEDIA)]

    def event(self) -> PostCreated:
        """The event that says it."""
        return PostCreated.model_validate(self.model_dump())


class NewReport(
    PostReported,
    extra="forbid",
    json_schema_extra=_example(
        report_id="report-1",
        post_id="post-1",
        reporter_id="bob",
        reason="untagged_deepfake",
        reported_at=_MOMENT,
    ),
):
    """A user's report of a post."""

    media: Annotated[tuple[NewMedia, ...], Field(max_length=MAX_MEDIA)] = ()

    def event(self) -> PostReported:
        """The event that says it."""
        return PostReported.model_validate(self.model_dump())


class NewAppeal(
    PostAppealed,
    extra="forbid",
    json_schema_extra=_example(
        appeal_id="appeal-1", post_id="post-1", author_id="ann", text="It is me.", appealed_at=_MOMENT
    ),
):
    """An author's appeal against a tag or decision."""

    media: Annotated[tuple[NewMedia, ...], Field(max_length=MAX_MEDIA)] = ()

    def event(self) -> PostAppealed:
        """The event that says it."""
        return PostAppealed.model_validate(self.model_dump())


class Accepted(BaseModel):
    """The event is in the broker for good; its verdict follows."""

    event_id: UUID = Field(description="CloudEvents id; the same for every repeat.")
    post_id: str
    verdict: str = Field(description="Where the verdict can be read.", examples=["/v1/posts/post-1/verdict"])
