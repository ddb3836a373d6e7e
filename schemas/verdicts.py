"""Verdicts of detection: a label and a score for each media item of a post, and one label for the post.

A shadow verdict is the result of a model on trial. It is used for comparison only.
"""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, Pdq, PlatformId, Probability, Sha256
from schemas.identity import cause_id

# Faces per media item. A verdict on a post with the maximum number of media items still fits into an event.
MAX_FACES = 64
MAX_SIGNALS = 8  # findings per media item
MAX_SIGNAL_DETAIL = 300  # characters


class Label(StrEnum):
    """FakeME's finding for a media item or a post."""

    DEEPFAKE = "deepfake"
    SUSPECTED = "suspected"
    UNPROCESSABLE = "unprocessable"
    AUTHENTIC = "authentic"
    NO_FACE = "no_face"


# Most severe first. Unprocessable outranks authentic: a post that was analysed only in part is not cleared.
SEVERITY: tuple[Label, ...] = (
    Label.DEEPFAKE,
    Label.SUSPECTED,
    Label.UNPROCESSABLE,
    Label.AUTHENTIC,
    Label.NO_FACE,
)


def worst(labels: Iterable[Label]) -> Label:
    """Return the most severe of ``labels``; raise ``ValueError`` if there are none."""
    return min(labels, key=SEVERITY.index)


class UnprocessableReason(StrEnum):
    """Why a media item could not be analysed."""

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
    """The kind of event that requested a verdict."""

    CREATED = "created"
    REPORTED = "reported"
    APPEALED = "appealed"
    REPLAYED = "replayed"


class Trigger(Contract):
    """The event that a verdict answers."""

    kind: TriggerKind = Field(description="The kind of event.")
    event_id: str = Field(description="The CloudEvents id of the event.")
    source: str = Field(
        default="",
        description="The CloudEvents source of the event; with the id it identifies the event."
        " Empty in verdicts of older versions.",
    )

    @property
    def cause(self) -> str:
        """The id of the event as a cause of other events."""
        return cause_id(self.kind.value, self.source, self.event_id)


class ModelRef(Contract):
    """The model that produced a verdict."""

    name: str = Field(max_length=128, description="The model's name in the registry.")
    version: str = Field(max_length=64, description="The model's version in the registry.")
    weights_sha256: Sha256 = Field(description="SHA-256 of the weights file, lower-case hex.")


class Box(Contract):
    """A rectangle in pixels of the upright image; the origin is the top left corner."""

    x0: float = Field(description="Left edge.")
    y0: float = Field(description="Top edge.")
    x1: float = Field(description="Right edge.")
    y1: float = Field(description="Bottom edge.")


class FaceVerdict(Contract):
    """A face that was detected and analysed."""

    box: Box = Field(description="Where the face is.")
    score: Probability = Field(description="Calibrated probability that this face is forged.")
    seconds: float | None = Field(
        default=None, ge=0, description="Time in the video or animation in seconds; null for a still image."
    )
    track: int | None = Field(
        default=None, ge=0, description="Track number; the faces of one person in a video share it."
    )


class SignalFinding(Contract):
    """What one signal, a check other than the model, found in a media item."""

    signal: str = Field(max_length=64, description="The signal's name.")
    version: str = Field(max_length=64, description="The signal's version.")
    label: Label | None = Field(description="The signal's own opinion; null if it only informs.")
    decisive: bool = Field(description="True if this finding alone sets the label; the model is not asked.")
    detail: str = Field(default="", max_length=MAX_SIGNAL_DETAIL, description="The finding in words.")


class MediaVerdict(Contract):
    """The verdict on one media item of the post."""

    uri: str = Field(description="The URI of the media item, as given in the post.")
    label: Label = Field(description="The label of this media item.")
    score: Probability | None = Field(
        description="Calibrated probability that the media item is forged; null if nothing was analysed."
    )
    threshold: Probability | None = Field(
        description="Scores at or above this value are labelled deepfake; null if nothing was analysed."
    )
    faces: tuple[FaceVerdict, ...] = Field(
        default=(),
        max_length=MAX_FACES,
        description="The analysed faces; if there are more than the limit, those with the highest scores.",
    )
    evidence: tuple[str, ...] = Field(
        default=(),
        description="s3:// URIs of evidence images and files: face crops, heat maps, scores.",
    )
    reason: UnprocessableReason | None = Field(
        default=None, description="Why the media item is unprocessable."
    )
    detail: str = Field(default="", max_length=1_000, description="A readable explanation of the reason.")
    sha256: Sha256 | None = Field(default=None, description="SHA-256 of the analysed bytes, lower-case hex.")
    pdq: Pdq | None = Field(default=None, description="Perceptual hash (PDQ) of the image, lower-case hex.")
    signals: tuple[SignalFinding, ...] = Field(
        default=(), max_length=MAX_SIGNALS, description="What signals found, in the order they were asked."
    )
    reused: bool = Field(default=False, description="True if a stored analysis of the same bytes was reused.")


class VerdictIssued(Contract):
    """FakeME's verdict on a post, issued once for each post event."""

    verdict_id: UUID = Field(
        description="Deterministic id, derived from post, media items, analysis identity and trigger."
    )
    post_id: PlatformId = Field(description="The post that was analysed.")
    trigger: Trigger = Field(description="The post event that requested the verdict.")
    label: Label = Field(description="The most severe label of the post's media items.")
    score: Probability | None = Field(description="The highest score of the post's media items.")
    media: tuple[MediaVerdict, ...] = Field(
        description="The verdict on each media item; empty only if FakeME does not know the post."
    )
    reason: UnprocessableReason | None = Field(default=None, description="Why the label is unprocessable.")
    model: ModelRef = Field(
        description="The model in use; it is not asked about media items that a decisive signal settles."
    )
    timings: dict[str, float] = Field(default_factory=dict, description="Seconds spent, by stage.")
    issued_at: Instant = Field(description="When the verdict was issued.")


class ShadowVerdict(Contract):
    """The verdict of a model on trial, for comparison only; it triggers no action and may be missing."""

    shadow_id: UUID = Field(
        description="Deterministic id, derived from post, media items, analysis identity and trigger."
    )
    verdict_id: UUID = Field(description="The verdict that was issued to the platform.")
    post_id: PlatformId = Field(description="The post that was analysed.")
    trigger: Trigger = Field(description="The post event that requested the verdict.")
    label: Label = Field(description="The most severe label of these media items.")
    score: Probability | None = Field(description="The highest score of these media items.")
    media: tuple[MediaVerdict, ...] = Field(
        min_length=1,
        description="The media items that the verdict's model had to analyse; without evidence.",
    )
    model: ModelRef = Field(description="The model on trial.")
    timings: dict[str, float] = Field(default_factory=dict, description="Seconds spent, by stage.")
    issued_at: Instant = Field(description="When the shadow verdict was issued.")
