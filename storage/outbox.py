"""The outbox: messages written in the transaction of the change they announce; a relay publishes them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.envelope import Message
from storage.tables import OutboxRow

CHANNEL = "outbox"  # NOTIFY, without payload: there is something to publish


@dataclass(frozen=True)
class Pending:
    """A message that waits to be published."""

    id: int
    message: Message


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


def waiting(session: Session) -> int:
    """How many messages wait to be published; a number that grows means that the relay is in trouble."""
    query = select(func.count()).select_from(OutboxRow).where(OutboxRow.published_at.is_(None))
    return session.execute(query).scalar_one()


def _message(row: OutboxRow) -> Message:
    headers = tuple((name, value.encode()) for name, value in row.headers.items())
    return Message(row.topic, row.key.encode(), row.value, headers)
