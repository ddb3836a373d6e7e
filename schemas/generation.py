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
        max_length=1_100, pattern=r"^s3://.+/.+$", description="Where the signed record of consent is kept."
    )
    record_sha256: Sha256 = Field(description="SHA-256 of that record, lower-case hex.")
    expires_at: Instant = Field(description="After it, the consent is void.")


class GenerationRequested(Contract):
    """Somebody asks for a face swap."""

    request_id: PlatformId = Field(description="The request's own identifier; a repeat has the same one.")
    requester_id: PlatformId = Field(description="Who asks.")
    source: Media = Field(description="The face to use.")
    target: Media = Field(description="The picture or video to put it into.")
    consent: Consent = Field(description="Without it nothing is made.")
    requested_at: Instant = Field(description="When it was asked for.")


class GenerationOutcome(StrEnum):
    """How a request ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class GenerationFinished(Contract):
    """The answer to a request: marked media, or why there is none."""

    result_id: UUID = Field(description="Identity of the answer.")
    request_id: PlatformId = Field(description="The request that is answered.")
    outcome: GenerationOutcome = Field(description="How it ended.")
    reason: str = Field(default="", max_length=500, description="Why it was refused or failed.")
    output: Media | None = Field(default=None, description="Watermarked and signed; null unless done.")
    finished_at: Instant = Field(description="When it ended.")
