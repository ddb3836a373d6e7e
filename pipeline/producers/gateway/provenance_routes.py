"""The public route that tells which manifest belongs to a watermark. It needs no API key.

Whoever reads a mark may ask whose it is. The answer is what the signer stored; no manifest is parsed here.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.producers.gateway.address_limit import limit_by_address
from pipeline.producers.gateway.problems import Problem, ProblemKind, problem_responses
from pipeline.producers.gateway.services import InjectedServices
from schemas.watermarks import PAYLOAD_DIGITS, payload_text
from storage import manifests
from storage.database import transaction

MANIFEST_TYPE = "application/c2pa"  # of a manifest outside its file (C2PA 2.2, "external manifests")


class StatedProvenance(BaseModel):
    """What the manifest of a signed file states about it."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    payload: str = Field(description="The watermark's payload, 13 hex digits.", examples=["0000000abc123"])
    request_id: str = Field(description="The request for which the file was made.")
    model: str = Field(description="The model that made the file.", examples=["swapper"])
    model_version: str = Field(description="Its version.", examples=["1.2"])
    actions: tuple[str, ...] = Field(
        description="What was done, by C2PA's names.", examples=[["c2pa.created", "c2pa.watermarked.bound"]]
    )
    digital_source_type: str = Field(
        description="How the file was made, an address in the vocabulary of the IPTC.",
        examples=["http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"],
    )
    signer: str = Field(description="The organisation in the signing certificate.")
    sha256: str = Field(
        description="SHA-256 of the file as it was signed, lower-case hex. Platforms change files."
    )
    media_type: str = Field(description="Media type of the signed file.", examples=["image/jpeg"])
    stored_at: datetime = Field(description="When the file was signed and its manifest stored.")


Payload = Annotated[
    str,
    Path(
        pattern=rf"^[0-9A-Fa-f]{{1,{PAYLOAD_DIGITS}}}$",
        description="The payload of a watermark in hex; leading zeros may be left out.",
        examples=["0000000abc123"],
    ),
    AfterValidator(lambda text: payload_text(int(text, 16))),
]

router = APIRouter(
    prefix="/v1/provenance",
    tags=["Provenance"],
    dependencies=[Depends(limit_by_address)],
    responses=problem_responses(
        {
            404: "No manifest is stored for this payload.",
            422: "The payload is not 1 to 13 hex digits.",
            429: "The client's address has sent too many requests: repeat after Retry-After seconds.",
            503: "The database is unavailable: repeat after Retry-After seconds.",
        }
    ),
)


@router.get(
    "/{payload}",
    summary="Find the manifest of a watermarked file",
    response_model=StatedProvenance,
    responses={200: {"content": {MANIFEST_TYPE: {}}}},
)
def read_provenance(
    payload: Payload, request: Request, services: InjectedServices, response: Response
) -> StatedProvenance | Response:
    """Return what the manifest states; with `Accept: application/c2pa`, the signed manifest itself."""
    with transaction(services.engine) as session:
        found = manifests.find(session, payload)
    if found is None:
        raise Problem(
            ProblemKind.MANIFEST_UNKNOWN,
            f"no manifest is stored for payload {payload}: compare it with the one that the mark carries",
        )
    varies = {"Vary": "Accept"}  # for caches: one address has two representations
    if wants_manifest(",".join(request.headers.getlist("accept"))):
        return Response(found.content, media_type=MANIFEST_TYPE, headers=varies)
    response.headers.update(varies)
    return StatedProvenance.model_validate(found)


def wants_manifest(accept: str) -> bool:
    """Return whether an ``Accept`` header names the type of manifests; all other callers get JSON."""
    return MANIFEST_TYPE in {entry.partition(";")[0].strip().lower() for entry in accept.split(",")}
