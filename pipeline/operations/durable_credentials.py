"""Keeps the manifests of signed files in the database, and finds one by the payload of a file's watermark."""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from inference.errors import SigningError
from inference.fingerprint import comparable, frame_fingerprints
from inference.media import decode
from inference.provenance.credentials import CredentialsState
from inference.provenance.description import GeneratedMedia
from inference.provenance.reading import read_credentials
from inference.provenance.signing import MediaSigner
from pipeline.errors import PipelineError
from pipeline.operations.local_provenance import SignedFile, sign_file, write_file
from storage import manifests
from storage.manifests import Manifest, StoredManifest


class ManifestMissingError(PipelineError):
    """No manifest is stored for a payload."""


def sign_and_store(
    session: Session, source: Path, target: Path, media: GeneratedMedia, signer: MediaSigner
) -> None:
    """Sign a file, store its manifest under the payload of its watermark, and write the signed copy.

    The copy is written within the transaction: if it cannot be, nothing is stored, and the payload is free.

    :raises SigningError: the file cannot be signed or written, or its signature could not be verified.
    :raises ManifestInvalidError: a statement is too long to be stored.
    :raises PayloadTakenError: the payload already names another manifest.
    """
    file = sign_file(source, media, signer)
    manifests.add(session, manifest_of(file, media))
    write_file(target, file.signed.data)


def manifest_of(file: SignedFile, media: GeneratedMedia) -> Manifest:
    """Return the manifest of a signed file as it is stored: its statements are read back from the file.

    Raise :class:`~inference.errors.SigningError` if nobody could verify it.
    """
    credentials = read_credentials(file.signed.data, trust_anchors="")
    if credentials.state not in (CredentialsState.UNTRUSTED, CredentialsState.TRUSTED):
        raise SigningError(
            f"the credentials for request {media.request_id!r} are {credentials.state.value}"
            f" ({', '.join(credentials.reasons)}), so they are not stored: check the signing certificate"
        )
    return Manifest(
        payload=media.watermark,
        request_id=media.request_id,
        sha256=hashlib.sha256(file.signed.data).hexdigest(),
        media_type=file.media_type,
        model=media.model,
        model_version=media.model_version,
        actions=credentials.actions,
        digital_source_type=credentials.source_types[0],
        signer=credentials.issuer,
        pdqs=comparable(frame_fingerprints(decode(file.signed.data).frames)),
        content=file.signed.manifest,
    )


def find_manifest(session: Session, payload: str) -> StoredManifest:
    """Return the manifest for a payload, 13 hex digits; raise :class:`ManifestMissingError`."""
    found = manifests.find(session, payload)
    if found is None:
        raise ManifestMissingError(
            f"no manifest is stored for {payload}: compare it with the payload that `fakeme watermark read`"
            " prints; files that were signed without --store have none"
        )
    return found


def document(manifest: StoredManifest) -> dict[str, Any]:
    """Return what a manifest states as a JSON object, without its bytes."""
    stated = asdict(manifest) | {"stored_at": manifest.stored_at.isoformat(timespec="seconds")}
    del stated["content"], stated["pdqs"]
    return stated
