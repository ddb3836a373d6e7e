"""What people who may ask for a face swap say, and what they get; consent comes first."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.base import Contract, Instant, PlatformId, Sha256
from schemas.posts import Media


class Consent(Contract):
    """Proof that the person whose face is used agreed to this use."""

    subject_id: PlatformId = Field(description="The person whose face is put onto the target.")
    record_uri: str = Field(
        pattern=r"^s3://.+/.+$", description="Where the signed record of consent is kept."
    )
    record_sha256: Sha256
    expires_at: Instant


class GenerationRequested(Contract):
    """Somebody asks for a face swap."""

    request_id: PlatformId
    requester_id: PlatformId
    source: Media = Field(description="The face to use.")
    target: Media = Field(description="The picture or video to put it into.")
    consent: Consent
    requested_at: Instant


class GenerationOutcome(StrEnum):
    """How a request ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class GenerationFinished(Contract):
    """The answer to a request: marked media, or why there is none."""

    result_id: UUID
    request_id: PlatformId
    outcome: GenerationOutcome
    reason: str = Field(default="", max_length=500)
    output: Media | None = Field(default=None, description="Watermarked and signed; null unless done.")
    finished_at: Instant
