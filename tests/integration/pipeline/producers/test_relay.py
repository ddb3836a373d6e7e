"""The relay publishes the outbox in order and at least once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import Producer
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from pipeline.producers.outbox_relay.relay import (
    BrokerUnavailableError,
    Relay,
    deliver,
    make_relay,
    publish_batch,
)
from pipeline.settings import RetrySettings, Settings
from schemas.envelope import encode
from schemas.moderation import ReportsSurged
from storage import outbox, retention
from storage.database import connect, transaction
from storage.errors import DatabaseUnavailableError

ReadTopic = Callable[[str, str], list[KafkaMessage]]
Eventually = Callable[..., None]
TOPIC = "reports.surged"


@pytest.fixture
def settings(kafka_bootstrap: str, database_url: str) -> Settings:
    retry = RetrySettings(first_delay_seconds=0.1, max_delay_seconds=0.5)
    return Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url, retry=retry)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def post() -> str:
    return f"post-{uuid4()}"


def announce(engine: Engine, post: str, number: int) -> None:
    surge = ReportsSurged(
        surge_id=UUID(int=number), post_id=post, reporters=9, window_seconds=60, surged_at=datetime.now(UTC)
    )
    event_id = uuid4()
    message = encode(surge, id=str(number), source="test", key=post, time=surge.surged_at)
    with transaction(engine) as session:
        outbox.enqueue(session, message, event_id)


def numbers(records: list[KafkaMessage]) -> list[int]:
    return [int(dict(record.headers())["ce_id"]) for record in records]


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def backlog(engine: Engine) -> int:
    with transaction(engine) as session:
        return outbox.backlog(session).messages


@contextmanager
def running(relay: Relay, eventually: Eventually) -> Iterator[Relay]:
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        eventually(lambda: relay.ready)
        yield relay
    finally:
        relay.stop()
        thread.join(timeout=15)
        assert not thread.is_alive()


def test_committed_messages_are_published_in_order(
    settings: Settings, engine: Engine, post: str, read_topic: ReadTopic, eventually: Eventually
) -> None:
    announce(engine, post, 0)  # before a relay runs
    with running(make_relay(settings), eventually):
        for number in range(1, 20):
            announce(engine, post, number)
        eventually(lambda: backlog(engine) == 0)

    assert numbers(read_topic(TOPIC, post)) == list(range(20))


def test_a_relay_that_fails_before_the_commit_sends_the_same_events_again(
    settings: Settings,
    engine: Engine,
    post: str,
    read_topic: ReadTopic,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    announce(engine, post, 1)
    announce(engine, post, 2)

    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("the connection was lost"))

    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap})
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "mark_published", fail)
        with pytest.raises(DatabaseUnavailableError, match="connection was lost"):
            publish_batch(engine, producer)
    assert backlog(engine) == 2

    with running(make_relay(settings), eventually):
        eventually(lambda: backlog(engine) == 0)

    assert numbers(read_topic(TOPIC, post)) == [1, 2, 1, 2]


def test_of_two_relays_one_publishes(
    settings: Settings, engine: Engine, post: str, read_topic: ReadTopic, eventually: Eventually
) -> None:
    with running(make_relay(settings), eventually):
        with running(make_relay(settings), eventually):
            for number in range(30):
                announce(engine, post, number)
        for number in range(30, 40):  # the other relay continues alone
            announce(engine, post, number)
        eventually(lambda: backlog(engine) == 0)

    assert numbers(read_topic(TOPIC, post)) == list(range(40))


def test_the_relay_reconnects_after_the_database_closed_its_connections(
    settings: Settings, engine: Engine, post: str, read_topic: ReadTopic, eventually: Eventually
) -> None:
    with running(make_relay(settings), eventually) as relay:
        with engine.begin() as connection:
            terminate = text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name IN ('fakeme-relay', 'fakeme-listen-outbox')"
                " AND datname = current_database()"
            )
            assert connection.execute(terminate).scalar_one() >= 1
        announce(engine, post, 1)
        eventually(lambda: backlog(engine) == 0)
        eventually(lambda: relay.ready)

    assert numbers(read_topic(TOPIC, post)) == [1]


def test_without_a_broker_no_message_is_marked_as_published(engine: Engine, post: str) -> None:
    announce(engine, post, 1)
    unreachable = Producer({"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": 200}, logger=None)

    with pytest.raises(BrokerUnavailableError, match="1 of 1 messages were not stored"):
        publish_batch(engine, unreachable)

    assert backlog(engine) == 1


def test_the_running_relay_prunes_every_table(
    settings: Settings, engine: Engine, post: str, eventually: Eventually
) -> None:
    announce(engine, post, 1)
    publish_batch(engine, Producer({"bootstrap.servers": settings.kafka_bootstrap}))
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET published_at = now() - interval '8 days'"))
        connection.execute(
            text(
                "INSERT INTO media_objects (uri, etag, size, modified_at, sha256, seen_at)"
                " VALUES ('s3://b/old', '', 1, now(), '', now() - interval '91 days'),"
                " ('s3://b/new', '', 1, now(), '', now())"
            )
        )

    with running(make_relay(settings), eventually):
        eventually(lambda: rows(engine, "outbox") == 0)
        eventually(lambda: rows(engine, "media_objects") == 1)


def test_pruning_that_fails_for_an_unknown_reason_turns_the_relay_unhealthy(
    settings: Settings, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # its traceback is expected
    monkeypatch.setattr(retention, "prune", lambda *_, **__: 1 / 0)

    with running(make_relay(settings), eventually) as relay:
        eventually(lambda: not relay.alive)


def test_delivering_no_messages_needs_no_broker() -> None:
    deliver(Producer({"bootstrap.servers": "127.0.0.1:1"}, logger=None), [])
