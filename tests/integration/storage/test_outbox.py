"""The outbox and notifications: messages are published when their transaction commits, and not before."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select, text

from schemas.base import Contract
from schemas.envelope import Message, encode
from schemas.moderation import ReportsSurged
from storage import outbox
from storage.database import transaction
from storage.errors import DatabaseUnavailableError
from storage.notifications import Listener

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _message(post: str) -> Message:
    body: Contract = ReportsSurged(
        surge_id=uuid4(), post_id=post, reporters=5, window_seconds=600, surged_at=NOW
    )
    return encode(body, id=str(uuid4()), source="tests", key=post, time=NOW)


def _headers(message: Message) -> dict[str, bytes]:
    return dict(message.headers)


def test_messages_are_read_unchanged_and_in_order(engine: Engine) -> None:
    given = [_message(f"p{number}") for number in range(5)]
    with transaction(engine) as session:
        for message in given:
            assert outbox.enqueue(session, message, uuid4()) is True
    with transaction(engine) as session:
        pending = outbox.unpublished(session, 3)
        assert [row.message.value for row in pending] == [message.value for message in given[:3]]
        assert [_headers(row.message) for row in pending] == [_headers(message) for message in given[:3]]
        assert (pending[0].message.topic, pending[0].message.key) == ("reports.surged", b"p0")
        outbox.mark_published(session, [row.id for row in pending])
    with transaction(engine) as session:
        assert [row.message.key for row in outbox.unpublished(session, 9)] == [b"p3", b"p4"]


def test_event_is_enqueued_once(engine: Engine) -> None:
    event_id = uuid4()
    with transaction(engine) as session:
        assert outbox.enqueue(session, _message("p1"), event_id) is True
        assert outbox.enqueue(session, _message("p1"), event_id) is False
    with transaction(engine) as session:
        assert len(outbox.unpublished(session, 9)) == 1


def test_rolled_back_message_is_not_published(engine: Engine, database_url: str) -> None:
    def fail() -> None:
        with transaction(engine) as session:
            outbox.enqueue(session, _message("lost"), uuid4())
            raise ZeroDivisionError

    with Listener(database_url, outbox.CHANNEL) as listener:
        with pytest.raises(ZeroDivisionError):
            fail()
        with transaction(engine) as session:
            outbox.enqueue(session, _message("kept"), uuid4())
        assert listener.wait(10) == [""]  # only the committed message
        assert listener.wait(0) == []
    with transaction(engine) as session:
        assert [row.message.key for row in outbox.unpublished(session, 9)] == [b"kept"]


def test_notifications_arrive_with_their_payloads_in_order(engine: Engine, database_url: str) -> None:
    with Listener(database_url, "verdicts") as listener:
        with transaction(engine) as session:
            for post in ("p1", "p2"):
                session.execute(select(func.pg_notify("verdicts", post)))
            session.execute(select(func.pg_notify("elsewhere", "p3")))
        assert listener.wait(10) == ["p1", "p2"]


def test_lost_connection_raises_database_unavailable(engine: Engine, database_url: str) -> None:
    with Listener(database_url, "verdicts") as listener:
        with engine.begin() as connection:
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
            connection.execute(text(kill), {"name": "fakeme-listen-verdicts"})
        with pytest.raises(DatabaseUnavailableError, match="was lost"):
            listener.wait(10)
