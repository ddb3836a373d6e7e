"""The outbox: messages written in the transaction of the change they announce; a relay publishes them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, extract, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.envelope import Message
from storage.tables import OutboxRow

CHANNEL = "outbox"  # NOTIFY, without payload: there is something to publish
_RELAY_LOCK = 0x6F7574626F78  # "outbox"; any number that nobody else locks in the same database


@dataclass(frozen=True)
class Pending:
    """A message that waits to be published."""

    id: int
    message: Message


@dataclass(frozen=True)
class Backlog:
    """What waits to be published; figures that grow mean that the relay is in trouble."""

    messages: int
    oldest_seconds: float  # 0 if nothing waits


def announce(session: Session, message: Message, event_id: UUID) -> bool:
    """Have ``message`` published if and when this transaction commits; false if that event is in already."""
    row = insert(OutboxRow).values(
        event_id=event_id,
        topic=message.topic,
        key=message.key.decode(),
        headers={name: value.decode() for name, value in message.headers},
        value=message.value,
    )
    written = session.execute(row.on_conflict_do_nothing().returning(OutboxRow.id)).first() is not None
    if written:
        session.execute(select(func.pg_notify(CHANNEL, "")))
    return written


def claim(session: Session) -> bool:
    """Be the one who publishes until the transaction ends; false, at once, while another is at it."""
    return bool(session.execute(select(func.pg_try_advisory_xact_lock(_RELAY_LOCK))).scalar_one())


def unpublished(session: Session, limit: int) -> list[Pending]:
    """The oldest messages that wait, in the order in which they were written.

    They stay locked until the transaction ends: a second relay waits for the first, so that the
    order of a key's messages holds.
    """
    query = (
        select(OutboxRow)
        .where(OutboxRow.published_at.is_(None))
        .order_by(OutboxRow.id)
        .limit(limit)
        .with_for_update()
    )
    return [Pending(row.id, _message(row)) for row in session.scalars(query)]


def mark_published(session: Session, ids: Collection[int]) -> None:
    """Note that these messages are on their topics."""
    session.execute(update(OutboxRow).where(OutboxRow.id.in_(ids)).values(published_at=func.now()))


def backlog(session: Session) -> Backlog:
    """How much waits to be published, and for how long."""
    age = extract("epoch", func.now() - func.min(OutboxRow.written_at))
    query = select(func.count(), age).where(OutboxRow.published_at.is_(None))
    messages, oldest_seconds = session.execute(query).one()
    return Backlog(messages, float(oldest_seconds or 0))


def prune(session: Session, *, older_than: timedelta) -> int:
    """Delete what was published longer ago than that; returns how many rows."""
    gone = delete(OutboxRow).where(OutboxRow.published_at < func.now() - older_than).returning(OutboxRow.id)
    return len(session.execute(gone).all())


def _message(row: OutboxRow) -> Message:
    headers = tuple((name, value.encode()) for name, value in row.headers.items())
    return Message(row.topic, row.key.encode(), row.value, headers)
