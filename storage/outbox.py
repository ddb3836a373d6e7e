"""Transactional outbox: messages are written with the change they announce, and a relay publishes them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import extract, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.envelope import Message
from storage.tables import OutboxRow

CHANNEL = "outbox"  # NOTIFY channel for new messages; no payload
_RELAY_LOCK = 0x6F7574626F78  # "outbox"; key of an advisory lock, unique within the database


@dataclass(frozen=True)
class Pending:
    """An unpublished message."""

    id: int
    message: Message


@dataclass(frozen=True)
class OutboxBacklog:
    """Number and age of unpublished messages; growing values mean that the relay does not keep up."""

    messages: int
    oldest_seconds: float  # 0 without unpublished messages


def enqueue(session: Session, message: Message, event_id: UUID) -> bool:
    """Publish ``message`` once this transaction commits; return false if the event is already enqueued."""
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


def try_lock(session: Session) -> bool:
    """Take the relay lock until the transaction ends; return false at once if another relay has it."""
    return bool(session.execute(select(func.pg_try_advisory_xact_lock(_RELAY_LOCK))).scalar_one())


def unpublished(session: Session, limit: int) -> list[Pending]:
    """Return the oldest unpublished messages in the order in which they were written.

    The rows stay locked until the transaction ends. A second relay waits for the first, which preserves the
    order of messages with the same key.
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
    """Mark these messages as published."""
    session.execute(update(OutboxRow).where(OutboxRow.id.in_(ids)).values(published_at=func.now()))


def backlog(session: Session) -> OutboxBacklog:
    """Return the number of unpublished messages and the age of the oldest."""
    age = extract("epoch", func.now() - func.min(OutboxRow.written_at))
    query = select(func.count(), age).where(OutboxRow.published_at.is_(None))
    messages, oldest_seconds = session.execute(query).one()
    return OutboxBacklog(messages, float(oldest_seconds or 0))


def _message(row: OutboxRow) -> Message:
    headers = tuple((name, value.encode()) for name, value in row.headers.items())
    return Message(row.topic, row.key.encode(), row.value, headers)
