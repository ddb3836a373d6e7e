"""Remembers the SHA-256 of objects that were read, so that an unchanged object need not be read again."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.analyses import Analysis, analysis_of
from storage.objects import ObjectVersion
from storage.tables import AnalysisRow, MediaObject

MAX_URI_BYTES = 2_000  # an index holds 2,704; S3 allows keys of 1,024 bytes


@dataclass(frozen=True)
class KnownObject:
    """An object that was read: its version then, its SHA-256, and the analysis of these bytes."""

    version: ObjectVersion
    sha256: str
    analysis: Analysis


def find_analysed(session: Session, uris: Collection[str], identity: str) -> dict[str, KnownObject]:
    """Return the objects that were analysed under this identity when they were last read, by URI."""
    wanted = [uri for uri in uris if _storable(uri)]
    query = (
        select(MediaObject, AnalysisRow)
        .join(AnalysisRow, AnalysisRow.sha256 == MediaObject.sha256)
        .where(MediaObject.uri.in_(wanted), AnalysisRow.analysis_identity == identity)
    )
    return {
        row.uri: KnownObject(
            ObjectVersion(row.etag, row.size, row.modified_at), row.sha256, analysis_of(analysis)
        )
        for row, analysis in (session.execute(query) if wanted else ())
    }


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
