"""What detection answers: for each media of a post a label with its score, and the post's own label."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, Pdq, PlatformId, Probability, Sha256


class Label(StrEnum):
    """What FakeME says of a media or a post."""

    DEEPFAKE = "deepfake"
    SUSPECTED = "suspected"
    UNPROCESSABLE = "unprocessable"
    AUTHENTIC = "authentic"
    NO_FACE = "no_face"


# Worst first. Unprocessable is above authentic: a post is not cleared by the half of it that we could read.
SEVERITY: tuple[Label, ...] = (
    Label.DEEPFAKE,
    Label.SUSPECTED,
    Label.UNPROCESSABLE,
    Label.AUTHENTIC,
    Label.NO_FACE,
)


def worst(labels: Iterable[Label]) -> Label:
    """The label of a post whose media have ``labels``; raises ``ValueError`` when there are none."""
    return min(labels, key=SEVERITY.index)


class UnprocessableReason(StrEnum):
    """Why a media could not be judged."""

    BUCKET_NOT_ALLOWED = "bucket_not_allowed"
    OBJECT_MISSING = "object_missing"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    TYPE_MISMATCH = "type_mismatch"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG = "too_long"
    SHA256_MISMATCH = "sha256_mismatch"
    UNDECODABLE = "undecodable"
    POST_UNKNOWN = "post_unknown"


class TriggerKind(StrEnum):
    """Which kind of event asked for a verdict."""

    CREATED = "created"
    REPORTED = "reported"
    APPEALED = "appealed"
    REPLAYED = "replayed"


class Trigger(Contract):
    """The event that a verdict answers."""

    kind: TriggerKind
    event_id: str = Field(description="The CloudEvents id of the event that asked.")


class ModelRef(Contract):
    """Which model said so."""

    name: str
    version: str
    weights_sha256: Sha256


class Box(Contract):
    """A rectangle in pixels of the upright picture, origin top left."""

    x0: float
    y0: float
    x1: float
    y1: float


class FaceVerdict(Contract):
    """One face that was found and judged."""

    box: Box
    score: Probability = Field(description="Calibrated probability that this face is forged.")
    seconds: float | None = Field(
        default=None, ge=0, description="Time in the video or animation; null in a picture."
    )
    track: int | None = Field(
        default=None, ge=0, description="The same person followed through a video has one number."
    )


class MediaVerdict(Contract):
    """What is said of one media of the post."""

    uri: str
    label: Label
    score: Probability | None = Field(
        description="Calibrated probability that it is forged; null if nothing was judged."
    )
    threshold: Probability | None = Field(
        description="At or above it the label is deepfake; null if nothing was judged."
    )
    faces: tuple[FaceVerdict, ...] = ()
    evidence: tuple[str, ...] = Field(
        default=(), description="s3:// URIs of crops that show what was judged."
    )
    reason: UnprocessableReason | None = Field(default=None, description="Why it is unprocessable.")
    detail: str = Field(default="", max_length=1_000, description="The reason in words, for people.")
    sha256: Sha256 | None = Field(default=None, description="Of the bytes that were judged.")
    pdq: Pdq | None = None
    reused: bool = Field(default=False, description="True if the same bytes had been analysed before.")


class VerdictIssued(Contract):
    """FakeME's answer to one post event."""

    verdict_id: UUID
    post_id: PlatformId
    trigger: Trigger
    label: Label = Field(description="The worst label of the post's media.")
    score: Probability | None = Field(description="The highest score of the post's media.")
    media: tuple[MediaVerdict, ...] = Field(min_length=1)
    model: ModelRef
    timings: dict[str, float] = Field(default_factory=dict, description="Seconds spent by stage.")
    issued_at: Instant
