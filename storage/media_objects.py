"""Remembers the SHA-256 of objects that were read, so that an unchanged object need not be read again."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.objects import ObjectVersion
from storage.tables import MediaObject

MAX_URI_BYTES = 2_000  # an index holds 2,704; S3 allows keys of 1,024 bytes


def find(session: Session, uri: str) -> tuple[ObjectVersion, str] | None:
    """Return the version of the object when it was last read, and its SHA-256 then; None if it never was."""
    row = session.get(MediaObject, uri) if _storable(uri) else None
    if row is None:
        return None
    return ObjectVersion(row.etag, row.size, row.modified_at), row.sha256


def remember(session: Session, uri: str, version: ObjectVersion, sha256: str) -> None:
    """Store that the object has this SHA-256 in this version; it replaces what was stored before."""
    if not _storable(uri):
        return
    state = {
        "etag": version.etag,
        "size": version.size,
        "modified_at": version.modified_at,
        "sha256": sha256,
        "seen_at": func.now(),
    }
    row = insert(MediaObject).values(uri=uri, **state)
    session.execute(row.on_conflict_do_update(index_elements=[MediaObject.uri], set_=state))


def _storable(uri: str) -> bool:
    """PostgreSQL cannot store U+0000, and replacing it would give two objects one row."""
    return "\x00" not in uri and len(uri.encode()) <= MAX_URI_BYTES
