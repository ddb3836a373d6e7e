"""What the platform says: a post was made, reported, appealed, or is to be checked again."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from schemas.base import MAX_TEXT, Contract, Instant, PlatformId, Sha256

MAX_MEDIA = 20  # the largest carousel of the platforms we know
MAX_HASHTAGS = 100
MAX_ALT_TEXT = 2_000  # the longest that a large platform allows

Hashtag = Annotated[str, Field(min_length=1, max_length=140)]


class Visibility(StrEnum):
    """Who may see a post."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    PRIVATE = "private"


class ReportReason(StrEnum):
    """Why somebody reports a post."""

    SEXUAL = "sexual"
    IMPERSONATION = "impersonation"
    MISINFORMATION = "misinformation"
    UNTAGGED_DEEPFAKE = "untagged_deepfake"
    OTHER = "other"


class Media(Contract):
    """One picture or video of a post, by its place in object storage."""

    uri: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.{1,1024}$",
        description="Where the bytes are: s3://bucket/key.",
        examples=["s3://platform-media/2026/11/cat.jpg"],
    )
    media_type: str = Field(
        pattern=r"^(image|video)/[\w.+-]{1,64}$",
        description="The IANA media type that the platform stored the bytes as.",
        examples=["image/jpeg", "video/mp4"],
    )
    sha256: Sha256 | None = Field(default=None, description="If given, the bytes must match it.")
    alt_text: str = Field(
        default="", max_length=MAX_ALT_TEXT, description="Description for those who cannot see it."
    )

    @property
    def bucket(self) -> str:
        """The bucket in :attr:`uri`."""
        return self.uri.removeprefix("s3://").partition("/")[0]

    @property
    def key(self) -> str:
        """The object key in :attr:`uri`."""
        return self.uri.removeprefix("s3://").partition("/")[2]


PostMedia = Annotated[tuple[Media, ...], Field(min_length=1, max_length=MAX_MEDIA)]
KnownMedia = Annotated[
    tuple[Media, ...],
    Field(
        max_length=MAX_MEDIA,
        description="The post's media, if FakeME may not know the post; empty: those of the stored post.",
    ),
]


class PostCreated(Contract):
    """A post with media is about to be shown; its author waits for the answer."""

    post_id: PlatformId
    author_id: PlatformId
    text: str = Field(default="", max_length=MAX_TEXT)
    hashtags: tuple[Hashtag, ...] = Field(default=(), max_length=MAX_HASHTAGS)
    media: PostMedia
    visibility: Visibility = Visibility.PUBLIC
    created_at: Instant

    @field_validator("hashtags")
    @classmethod
    def _start_with_a_hash(cls, hashtags: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(tag if tag.startswith("#") else f"#{tag}" for tag in hashtags)


class PostReported(Contract):
    """A user says that a post should not be there, or not untagged."""

    report_id: PlatformId
    post_id: PlatformId
    reporter_id: PlatformId
    reason: ReportReason
    text: str = Field(default="", max_length=MAX_TEXT)
    media: KnownMedia = ()
    reported_at: Instant


class PostAppealed(Contract):
    """The author says that a tag or decision on the post is wrong."""

    appeal_id: PlatformId
    post_id: PlatformId
    author_id: PlatformId
    text: str = Field(default="", max_length=MAX_TEXT)
    media: KnownMedia = ()
    appealed_at: Instant


class PostReplayed(Contract):
    """An operator wants a post checked again, with the model of today; nobody waits."""

    replay_id: PlatformId
    post_id: PlatformId
    media: KnownMedia = ()
    replayed_at: Instant


PostEvent = PostCreated | PostReported | PostAppealed | PostReplayed
