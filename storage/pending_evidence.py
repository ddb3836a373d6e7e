"""Evidence files that wait for their bucket: written with their verdict, deleted once uploaded."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, extract, func, insert, select
from sqlalchemy.orm import Session

from storage.tables import PendingEvidence


@dataclass(frozen=True)
class EvidenceFile:
    """A file of the evidence bucket; ``uri`` is its s3:// URI."""

    uri: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class EvidenceBacklog:
    """Number and age of waiting files; growing values mean that the bucket takes none."""

    files: int
    oldest_seconds: float  # 0 without waiting files


def add(session: Session, files: Iterable[EvidenceFile]) -> None:
    """Let these files wait for their upload once this transaction commits."""
    rows = [vars(file) for file in files]
    if rows:
        session.execute(insert(PendingEvidence), rows)


def take(session: Session, limit: int) -> list[tuple[int, EvidenceFile]]:
    """Return the oldest waiting files with their row ids, locked until the transaction ends.

    Files that another worker is uploading are skipped.
    """
    query = select(PendingEvidence).order_by(PendingEvidence.id).limit(limit)
    return [
        (row.id, EvidenceFile(row.uri, row.media_type, row.content))
        for row in session.scalars(query.with_for_update(skip_locked=True))
    ]


def remove(session: Session, ids: Collection[int]) -> None:
    """Delete these rows."""
    session.execute(delete(PendingEvidence).where(PendingEvidence.id.in_(ids)))


def expire(session: Session, older_than: timedelta) -> int:
    """Delete files that have waited longer than ``older_than``; return their number."""
    old = delete(PendingEvidence).where(PendingEvidence.written_at < func.now() - older_than)
    return len(session.execute(old.returning(PendingEvidence.id)).all())


def backlog(session: Session) -> EvidenceBacklog:
    """Return the number of waiting files and the age of the oldest."""
    age = extract("epoch", func.now() - func.min(PendingEvidence.written_at))
    files, oldest_seconds = session.execute(select(func.count(), age).select_from(PendingEvidence)).one()
    return EvidenceBacklog(files, float(oldest_seconds or 0))
