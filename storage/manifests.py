"""Manifests (C2PA) of signed files, found by the payload of a file's watermark when a platform removed them.

What a manifest states is stored beside its bytes by whoever signed it, so that readers need no parser of
C2PA. Payloads are ids, not secrets: anybody who reads a mark may ask whose it is. Rows are never changed or
deleted; they answer for what was made.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.watermarks import normalised_payload
from storage.errors import ManifestInvalidError, PayloadTakenError
from storage.tables import ManifestRow

MAX_BYTES = 1_000_000  # FakeME's own have 13 kB, and some 100 bytes more for each ingredient
MAX_TEXT = 200  # characters of each statement, as many as readers of a manifest keep


@dataclass(frozen=True)
class Manifest:
    """A manifest to store: ``content`` is the bytes, ``sha256`` the hash of the signed file, lower-case hex.

    ``digital_source_type`` is an address in the vocabulary of the IPTC, and ``signer`` the organisation in
    the signing certificate. ``pdqs`` are perceptual hashes of the file's frames: a mark can be copied.
    """

    payload: str
    request_id: str
    sha256: str
    media_type: str
    model: str
    model_version: str
    actions: tuple[str, ...]
    digital_source_type: str
    signer: str
    pdqs: tuple[str, ...]
    content: bytes


@dataclass(frozen=True)
class StoredManifest(Manifest):
    """A manifest in the database, with the time at which it was added."""

    stored_at: datetime


def add(session: Session, manifest: Manifest) -> None:
    """Store a manifest; one that is stored already changes nothing.

    :raises ManifestInvalidError: a value has the wrong form or is too long.
    :raises PayloadTakenError: another manifest is stored for this payload.
    """
    _check(manifest)
    values = asdict(manifest) | {"actions": list(manifest.actions), "pdqs": list(manifest.pdqs)}
    session.execute(insert(ManifestRow).values(values).on_conflict_do_nothing())
    stored = session.get_one(ManifestRow, manifest.payload)
    if any(getattr(stored, name) != value for name, value in values.items()):
        raise PayloadTakenError(manifest.payload, stored.request_id)


def find(session: Session, payload: str) -> StoredManifest | None:
    """Return the manifest of the file whose watermark has this payload, 13 lower-case hex digits."""
    row = session.get(ManifestRow, payload)
    if row is None:
        return None
    values = {field.name: getattr(row, field.name) for field in fields(StoredManifest)}
    return StoredManifest(**values | {"actions": tuple(row.actions), "pdqs": tuple(row.pdqs)})


def _check(manifest: Manifest) -> None:
    if normalised_payload(manifest.payload) != manifest.payload:
        raise ManifestInvalidError(f"the payload {manifest.payload[:40]!a} is not 13 lower-case hex digits")
    if not 0 < len(manifest.content) <= MAX_BYTES:
        raise ManifestInvalidError(
            f"the manifest for payload {manifest.payload} has {len(manifest.content):,} bytes: at least one"
            f" and at most {MAX_BYTES:,} can be stored; name fewer ingredients"
        )
    texts = {name: value for name, value in asdict(manifest).items() if isinstance(value, str)}
    texts |= {f"actions/{number}": action for number, action in enumerate(manifest.actions)}
    for name, text in texts.items():
        if len(text) > MAX_TEXT or not text.isprintable():
            raise ManifestInvalidError(
                f"{name} is {text[:40]!a}: give at most {MAX_TEXT} printable characters"
            )
