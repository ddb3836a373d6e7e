"""What detection answers: for each media of a post a label with its score, and the post's own label.

A model on trial answers beside it, for comparison alone.
"""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, Pdq, PlatformId, Probability, Sha256

MAX_FACES = 64  # listed of one media; with the most media of a post, a verdict still fits into an event
MAX_SIGNALS = 8  # findings listed of one media item
MAX_SIGNAL_DETAIL = 300  # characters


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

    kind: TriggerKind = Field(description="Which kind of event it was.")
    event_id: str = Field(description="The CloudEvents id of the event that asked.")


class ModelRef(Contract):
    """Which model said so."""

    name: str = Field(max_length=128, description="The model's name in the registry.")
    version: str = Field(max_length=64, description="Its version there.")
    weights_sha256: Sha256 = Field(description="SHA-256 of the weights file, lower-case hex.")


class Box(Contract):
    """A rectangle in pixels of the upright picture, origin top left."""

    x0: float = Field(description="Left edge.")
    y0: float = Field(description="Top edge.")
    x1: float = Field(description="Right edge.")
    y1: float = Field(description="Bottom edge.")


class FaceVerdict(Contract):
    """One face that was found and judged."""

    box: Box = Field(description="Where the face is.")
    score: Probability = Field(description="Calibrated probability that this face is forged.")
    seconds: float | None = Field(
        default=None, ge=0, description="Time in the video or animation; null in a picture."
    )
    track: int | None = Field(
        default=None, ge=0, description="The same person followed through a video has one number."
    )


class SignalFinding(Contract):
    """What one signal, a check other than the model, found in a media item."""

    signal: str = Field(max_length=64, description="The signal's name.")
    version: str = Field(max_length=64, description="The signal's version.")
    label: Label | None = Field(description="The signal's own opinion; null if it only informs.")
    decisive: bool = Field(description="True if this finding alone sets the label; the model is not asked.")
    detail: str = Field(default="", max_length=MAX_SIGNAL_DETAIL, description="The finding in words.")


class MediaVerdict(Contract):
    """What is said of one media of the post."""

    uri: str = Field(description="The media as the post named it.")
    label: Label = Field(description="What FakeME says of this media.")
    score: Probability | None = Field(
        description="Calibrated probability that it is forged; null if nothing was judged."
    )
    threshold: Probability | None = Field(
        description="At or above it the label is deepfake; null if nothing was judged."
    )
    faces: tuple[FaceVerdict, ...] = Field(
        default=(), max_length=MAX_FACES, description="The faces that were judged; of very many, the worst."
    )
    evidence: tuple[str, ...] = Field(
        default=(),
        description="s3:// URIs of pictures that show what was judged and why: crops, heat maps, scores.",
    )
    reason: UnprocessableReason | None = Field(default=None, description="Why it is unprocessable.")
    detail: str = Field(default="", max_length=1_000, description="The reason in words, for people.")
    sha256: Sha256 | None = Field(default=None, description="Of the bytes that were judged.")
    pdq: Pdq | None = Field(default=None, description="Perceptual hash (PDQ) of the picture, lower-case hex.")
    signals: tuple[SignalFinding, ...] = Field(
        default=(), max_length=MAX_SIGNALS, description="What signals found, in the order they were asked."
    )
    reused: bool = Field(default=False, description="True if the same bytes had been analysed before.")


class VerdictIssued(Contract):
    """FakeME's answer to one post event."""

    verdict_id: UUID = Field(description="Identity of the verdict: post, media, model version and trigger.")
    post_id: PlatformId = Field(description="The post that was judged.")
    trigger: Trigger = Field(description="The post event that is answered.")
    label: Label = Field(description="The worst label of the post's media.")
    score: Probability | None = Field(description="The highest score of the post's media.")
    media: tuple[MediaVerdict, ...] = Field(description="Empty only where the post is unknown to us.")
    reason: UnprocessableReason | None = Field(default=None, description="Why the label is unprocessable.")
    model: ModelRef = Field(
        description="The model in use. It did not look at media that a decisive signal or a refusal settled."
    )
    timings: dict[str, float] = Field(default_factory=dict, description="Seconds spent by stage.")
    issued_at: Instant = Field(description="When it was decided.")


class ShadowVerdict(Contract):
    """What a model on trial says of the media of a verdict; nobody acts on it, and it may be missing."""

    shadow_id: UUID = Field(description="Identity: post, media, the trial's model version and trigger.")
    verdict_id: UUID = Field(description="The verdict that the platform got.")
    post_id: PlatformId = Field(description="The post that was judged.")
    trigger: Trigger = Field(description="The post event that was answered.")
    label: Label = Field(description="The worst label of these media.")
    score: Probability | None = Field(description="The highest score of these media.")
    media: tuple[MediaVerdict, ...] = Field(
        min_length=1, description="Those that were new to the verdict's model; they have no evidence."
    )
    model: ModelRef = Field(description="The model on trial.")
    timings: dict[str, float] = Field(default_factory=dict, description="Seconds spent by stage.")
    issued_at: Instant = Field(description="When it was decided.")
