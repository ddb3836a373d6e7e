"""Known media: items that were found to be deepfakes or authentic, by moderators here or by others.

Every change of a row gets a number larger than that of all earlier changes, so that workers can follow.
Removed rows stay, as a record of what was acted on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage import audit
from storage.tables import KnownMediaRow

CHANNEL = "known_media"  # NOTIFY channel for changes; no payload
OWN_BANK = "decisions"  # of this installation's moderators
THRESHOLD = 31  # bits of a PDQ hash that may differ, as its authors recommend
_LOCK = 0x6B6E6F776E  # "known"; key of an advisory lock, unique within the database
_ROWS = 5_000  # of one statement


class KnownLabel(StrEnum):
    """What a known media item is."""

    DEEPFAKE = "deepfake"
    AUTHENTIC = "authentic"


@dataclass(frozen=True)
class NewEntry:
    """An entry to add, with at least one hash. ``pdqs`` are of frames with enough features."""

    label: KnownLabel
    bank: str
    sha256: str | None = None
    pdqs: tuple[str, ...] = ()
    threshold: int = THRESHOLD
    reference: str = ""
    case_id: UUID | None = None


@dataclass(frozen=True)
class KnownEntry:
    """A stored entry; ``removed`` entries must not be matched any more."""

    entry_id: UUID
    label: KnownLabel
    bank: str
    sha256: str | None
    pdqs: tuple[str, ...]
    threshold: int
    reference: str
    case_id: UUID | None
    added_by: str
    added_at: datetime
    removed: bool
    change: int


def add(session: Session, entries: Sequence[NewEntry], actor: str) -> int:
    """Add entries and notify the followers; return how many were new. A bank has the same hashes only once.

    Changes wait for each other until the end of the transaction, so that their numbers are in order of
    commits.
    """
    added = 0
    last = _lock(session)
    for start in range(0, len(entries), _ROWS):
        rows = entries[start : start + _ROWS]
        values = [_values(entry, actor, last + number) for number, entry in enumerate(rows, start=1)]
        last += len(rows)
        statement = insert(KnownMediaRow).on_conflict_do_nothing().returning(KnownMediaRow.entry_id)
        added += len(session.execute(statement, values).all())
    if added:
        _notify(session)
    return added


def remove(session: Session, entry_ids: Collection[UUID], actor: str, reason: str) -> list[UUID]:
    """Remove entries, with a row in the audit log for each; return those that were there."""
    change = _lock(session)
    removed = []
    for entry_id in entry_ids:
        change += 1
        found = session.execute(
            update(KnownMediaRow)
            .where(KnownMediaRow.entry_id == entry_id, KnownMediaRow.removed_at.is_(None))
            .values(removed_at=func.now(), removed_by=actor, change=change)
            .returning(KnownMediaRow.entry_id)
        ).first()
        if found is not None:
            removed.append(entry_id)
            audit.record(
                session,
                actor=actor,
                action="known_media.removed",
                subject=f"known_media:{entry_id}",
                detail={"reason": reason},
            )
    if removed:
        _notify(session)
    return removed


def changes(session: Session, after: int, limit: int) -> list[KnownEntry]:
    """Return the entries that changed after change number ``after``, in order; at most ``limit``."""
    query = select(KnownMediaRow).where(KnownMediaRow.change > after)
    return [_entry(row) for row in session.scalars(query.order_by(KnownMediaRow.change).limit(limit))]


def with_sha256(session: Session, sha256s: Collection[str]) -> list[KnownEntry]:
    """Return the entries of these bytes."""
    query = select(KnownMediaRow).where(KnownMediaRow.sha256.in_(sha256s), KnownMediaRow.removed_at.is_(None))
    return [_entry(row) for row in session.scalars(query)] if sha256s else []


def current(session: Session, bank: str | None = None) -> list[KnownEntry]:
    """Return the entries that are not removed, of one bank or of all, oldest change first."""
    query = select(KnownMediaRow).where(KnownMediaRow.removed_at.is_(None)).order_by(KnownMediaRow.change)
    if bank is not None:
        query = query.where(KnownMediaRow.bank == bank)
    return [_entry(row) for row in session.scalars(query)]


def find(session: Session, entry_id: UUID) -> KnownEntry | None:
    """Return the entry, also a removed one."""
    row = session.get(KnownMediaRow, entry_id)
    return None if row is None else _entry(row)


def _lock(session: Session) -> int:
    """Let no other transaction change entries; return the number of the last change."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    return session.execute(select(func.coalesce(func.max(KnownMediaRow.change), 0))).scalar_one()


def _notify(session: Session) -> None:
    session.execute(select(func.pg_notify(CHANNEL, "")))


def _values(entry: NewEntry, actor: str, change: int) -> dict[str, object]:
    return {
        "entry_id": uuid4(),
        "label": entry.label.value,
        "sha256": entry.sha256,
        "pdqs": list(entry.pdqs),
        "threshold": entry.threshold,
        "bank": entry.bank,
        "reference": entry.reference,
        "case_id": entry.case_id,
        "added_by": actor,
        "change": change,
    }


def _entry(row: KnownMediaRow) -> KnownEntry:
    return KnownEntry(
        entry_id=row.entry_id,
        label=KnownLabel(row.label),
        bank=row.bank,
        sha256=row.sha256,
        pdqs=tuple(row.pdqs),
        threshold=row.threshold,
        reference=row.reference,
        case_id=row.case_id,
        added_by=row.added_by,
        added_at=row.added_at,
        removed=row.removed_at is not None,
        change=row.change,
    )
