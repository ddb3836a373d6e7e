"""What the platform says: a post was made, reported, appealed, or is to be checked again."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from schemas.base import MAX_TEXT, Contract, Instant, PlatformId, Sha256

MAX_MEDIA = 20  # the largest carousel of the platforms we know
MAX_HASHTAGS = 100
MAX_ALT_TEXT = 2_000  # the longest that a large platform allows

Hashtag = Annotated[
    str, Field(pattern=r"^#?[^\s#]{1,140}$", description="One hashtag, with or without its #.")
]


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
        pattern=r"^(image|video)/[A-Za-z0-9_.+-]{1,64}$",
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


PostMedia = Annotated[
    tuple[Media, ...],
    Field(min_length=1, max_length=MAX_MEDIA, description="What is judged, in the order of the post."),
]
KnownMedia = Annotated[
    tuple[Media, ...],
    Field(
        max_length=MAX_MEDIA,
        description="The post's media, if FakeME may not know the post; empty: those of the stored post.",
    ),
]


class PostCreated(Contract):
    """A post with media is about to be shown; its author waits for the answer."""

    post_id: PlatformId = Field(description="The post's identifier on the platform.")
    author_id: PlatformId = Field(description="Who posts.")
    text: str = Field(default="", max_length=MAX_TEXT, description="The post's own words.")
    hashtags: tuple[Hashtag, ...] = Field(
        default=(), max_length=MAX_HASHTAGS, description="The author's hashtags; a missing # is added."
    )
    media: PostMedia
    visibility: Visibility = Field(default=Visibility.PUBLIC, description="Who may see it.")
    created_at: Instant = Field(description="When the author sent it.")

    @field_validator("hashtags")
    @classmethod
    def _start_with_a_hash(cls, hashtags: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(tag if tag.startswith("#") else f"#{tag}" for tag in hashtags)


class PostReported(Contract):
    """A user says that a post should not be there, or not untagged."""

    report_id: PlatformId = Field(description="The report's own identifier; a repeat has the same one.")
    post_id: PlatformId = Field(description="The post that is reported.")
    reporter_id: PlatformId = Field(description="Who reports; counted once however often they do.")
    reason: ReportReason = Field(description="Why it is reported.")
    text: str = Field(default="", max_length=MAX_TEXT, description="The reporter's own words.")
    media: KnownMedia = ()
    reported_at: Instant = Field(description="When it was reported.")


class PostAppealed(Contract):
    """The author says that a tag or decision on the post is wrong."""

    appeal_id: PlatformId = Field(description="The appeal's own identifier; a repeat has the same one.")
    post_id: PlatformId = Field(description="The post whose tag or decision is contested.")
    author_id: PlatformId = Field(description="Who appeals.")
    text: str = Field(default="", max_length=MAX_TEXT, description="The author's own words.")
    media: KnownMedia = ()
    appealed_at: Instant = Field(description="When the appeal was made.")


class PostReplayed(Contract):
    """An operator wants a post checked again, with the model of today; nobody waits."""

    replay_id: PlatformId = Field(description="The replay's own identifier; a repeat has the same one.")
    post_id: PlatformId = Field(description="The post to check again.")
    media: KnownMedia = ()
    replayed_at: Instant = Field(description="When the replay was asked for.")


PostEvent = PostCreated | PostReported | PostAppealed | PostReplayed
