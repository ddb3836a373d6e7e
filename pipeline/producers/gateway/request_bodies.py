"""The bodies of HTTP requests: the event contracts, but with unknown fields forbidden.

Consumers of topics ignore unknown fields, because a producer may be newer. The gateway rejects them, so that
the caller notices a misspelt field.
"""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from schemas.base import PlatformId
from schemas.posts import MAX_MEDIA, Media, PostAppealed, PostCreated, PostReported

_CAT = {
    "uri": "s3://platform-media/2026/11/cat.jpg",
    "media_type": "image/jpeg",
    "alt_text": "A cat on a windowsill",
}
_TIMESTAMP = "2026-11-23T12:00:00+09:00"


def _refuse_dot_segments(post_id: str) -> str:
    if post_id in (".", ".."):
        raise ValueError("URLs cannot name it: clients and proxies resolve . and .. in a path")
    return post_id


URL_SAFE = AfterValidator(_refuse_dot_segments)  # RFC 3986, 5.2.4; percent-encoded dots are resolved too
UrlPostId = Annotated[PlatformId, URL_SAFE]


def _example(**fields: Any) -> dict[str, Any]:
    return {"examples": [fields]}


class NewMedia(Media, extra="forbid"):
    """A picture or video of a post, already in object storage."""


class NewPost(
    PostCreated,
    extra="forbid",
    json_schema_extra=_example(
        post_id="post-1", author_id="ann", text="Look!", media=[_CAT], created_at=_TIMESTAMP
    ),
):
    """A post that will be shown."""

    post_id: UrlPostId = Field(description="The post's identifier on the platform.")
    media: Annotated[tuple[NewMedia, ...], Field(min_length=1, max_length=MAX_MEDIA)]

    def event(self) -> PostCreated:
        """Return the event to publish."""
        return PostCreated.model_validate(self.model_dump())


class NewReport(
    PostReported,
    extra="forbid",
    json_schema_extra=_example(
        report_id="report-1",
        post_id="post-1",
        reporter_id="bob",
        reason="untagged_deepfake",
        reported_at=_TIMESTAMP,
    ),
):
    """A user's report of a post."""

    post_id: UrlPostId = Field(description="The reported post.")
    media: Annotated[tuple[NewMedia, ...], Field(max_length=MAX_MEDIA)] = ()

    def event(self) -> PostReported:
        """Return the event to publish."""
        return PostReported.model_validate(self.model_dump())


class NewAppeal(
    PostAppealed,
    extra="forbid",
    json_schema_extra=_example(
        appeal_id="appeal-1", post_id="post-1", author_id="ann", text="It is me.", appealed_at=_TIMESTAMP
    ),
):
    """An author's appeal against a tag or decision."""

    post_id: UrlPostId = Field(description="The post with the contested tag or decision.")
    media: Annotated[tuple[NewMedia, ...], Field(max_length=MAX_MEDIA)] = ()

    def event(self) -> PostAppealed:
        """Return the event to publish."""
        return PostAppealed.model_validate(self.model_dump())


class Accepted(BaseModel):
    """The broker has stored the event; the verdict follows."""

    event_id: UUID = Field(description="CloudEvents id, the same for each repeat.")
    post_id: str
    verdict: str = Field(
        description="Path at which the verdict can be read.", examples=["/v1/posts/post-1/verdict"]
    )
