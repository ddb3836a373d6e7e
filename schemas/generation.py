"""Requests for face swaps, with the consent of the person shown, and their results."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, PlatformId, Sha256
from schemas.posts import Media


class Consent(Contract):
    """Proof that the person shown in the source agreed to this use of their face."""

    subject_id: PlatformId = Field(description="The person shown in the source.")
    record_uri: str = Field(
        max_length=1_100, pattern=r"^s3://.+/.+$", description="URI of the signed consent record."
    )
    record_sha256: Sha256 = Field(description="SHA-256 of the consent record, lower-case hex.")
    expires_at: Instant = Field(description="When the consent expires.")


class GenerationRequested(Contract):
    """A user requested a face swap."""

    request_id: PlatformId = Field(description="The request's identifier; a repeated request has the same.")
    requester_id: PlatformId = Field(description="The user who requested the face swap.")
    source: Media = Field(description="The media item with the face to use.")
    target: Media = Field(description="The image or video to insert the face into.")
    consent: Consent = Field(description="The consent of the person in the source; required.")
    requested_at: Instant = Field(description="When the request was made.")


class GenerationOutcome(StrEnum):
    """The outcome of a request."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class GenerationFinished(Contract):
    """The result of a request: a marked media item, or the reason why there is none."""

    result_id: UUID = Field(description="Identifier of the result.")
    request_id: PlatformId = Field(description="The request that this result belongs to.")
    outcome: GenerationOutcome = Field(description="The outcome of the request.")
    reason: str = Field(default="", max_length=500, description="Why the request was refused or failed.")
    output: Media | None = Field(
        default=None, description="The watermarked and signed media item; null unless the outcome is done."
    )
    finished_at: Instant = Field(description="When the request was finished.")
