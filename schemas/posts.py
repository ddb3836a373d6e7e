"""Events of the platform: a post was created, reported, appealed, or should be checked again."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from schemas.base import MAX_TEXT, Contract, Instant, PlatformId, Sha256

MAX_MEDIA = 20  # the largest carousel of any known platform
MAX_HASHTAGS = 100
MAX_ALT_TEXT = 2_000  # the longest alt text that a large platform allows

Hashtag = Annotated[
    str, Field(pattern=r"^#?[^\s#]{1,140}$", description="One hashtag, with or without its #.")
]


class Visibility(StrEnum):
    """The audience of a post."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    PRIVATE = "private"


class ReportReason(StrEnum):
    """The reason of a report."""

    SEXUAL = "sexual"
    IMPERSONATION = "impersonation"
    MISINFORMATION = "misinformation"
    UNTAGGED_DEEPFAKE = "untagged_deepfake"
    OTHER = "other"


class Media(Contract):
    """A media item of a post: an image or video in object storage."""

    uri: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.{1,1024}$",
        description="The object's URI: s3://bucket/key.",
        examples=["s3://platform-media/2026/11/cat.jpg"],
    )
    media_type: str = Field(
        pattern=r"^(image|video)/[A-Za-z0-9_.+-]{1,64}$",
        description="The IANA media type under which the platform stored the object.",
        examples=["image/jpeg", "video/mp4"],
    )
    sha256: Sha256 | None = Field(default=None, description="If given, the bytes must match it.")
    alt_text: str = Field(
        default="",
        max_length=MAX_ALT_TEXT,
        description="Alternative text for people who cannot see the media item.",
    )

    @property
    def bucket(self) -> str:
        """The bucket in :attr:`uri`."""
        return self.uri.removeprefix("s3://").partition("/")[0]

    @property
    def key(self) -> str:
        """The object key in :attr:`uri`."""
        return self.uri.removeprefix("s3://").partition("/")[2]


PostMedia = Annotated[
    tuple[Media, ...],
    Field(
        min_length=1,
        max_length=MAX_MEDIA,
        description="The media items to analyse, in the order of the post.",
    ),
]
KnownMedia = Annotated[
    tuple[Media, ...],
    Field(
        max_length=MAX_MEDIA,
        description="The post's media items, if FakeME may not know the post; empty: use the stored post.",
    ),
]


class PostCreated(Contract):
    """A post with media items was created. The author waits for the verdict before the post is shown."""

    post_id: PlatformId = Field(description="The post's identifier on the platform.")
    author_id: PlatformId = Field(description="The post's author.")
    text: str = Field(default="", max_length=MAX_TEXT, description="The post's text.")
    hashtags: tuple[Hashtag, ...] = Field(
        default=(), max_length=MAX_HASHTAGS, description="The author's hashtags; a missing # is added."
    )
    media: PostMedia
    visibility: Visibility = Field(default=Visibility.PUBLIC, description="The audience of the post.")
    created_at: Instant = Field(description="When the author submitted the post.")

    @field_validator("hashtags")
    @classmethod
    def _start_with_a_hash(cls, hashtags: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(tag if tag.startswith("#") else f"#{tag}" for tag in hashtags)


class PostReported(Contract):
    """A user reported a post, for example as harmful or as an untagged deepfake."""

    report_id: PlatformId = Field(description="The report's identifier; a repeated report has the same.")
    post_id: PlatformId = Field(description="The reported post.")
    reporter_id: PlatformId = Field(description="The user who reported; repeated reports count once.")
    reason: ReportReason = Field(description="The reason of the report.")
    text: str = Field(default="", max_length=MAX_TEXT, description="The reporter's comment.")
    media: KnownMedia = ()
    reported_at: Instant = Field(description="When the post was reported.")


class PostAppealed(Contract):
    """The author appealed against a tag or decision on the post."""

    appeal_id: PlatformId = Field(description="The appeal's identifier; a repeated appeal has the same.")
    post_id: PlatformId = Field(description="The post with the contested tag or decision.")
    author_id: PlatformId = Field(description="The author who appeals.")
    text: str = Field(default="", max_length=MAX_TEXT, description="The author's explanation.")
    media: KnownMedia = ()
    appealed_at: Instant = Field(description="When the appeal was made.")


class PostReplayed(Contract):
    """An operator requested a new check of a post with the current model, at the lowest priority."""

    replay_id: PlatformId = Field(description="The replay's identifier; a repeated replay has the same.")
    post_id: PlatformId = Field(description="The post to check again.")
    media: KnownMedia = ()
    replayed_at: Instant = Field(description="When the replay was requested.")


PostEvent = PostCreated | PostReported | PostAppealed | PostReplayed
