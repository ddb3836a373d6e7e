"""The tagging worker and the outbox relay on real services: events in, tags out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import Producer
from sqlalchemy import create_engine, make_url, text

from pipeline.consumers.tagging.worker import make_tagging
from pipeline.producers.outbox_relay.relay import make_relay
from pipeline.runtime.dead_letters import parse
from pipeline.runtime.worker import Runnable
from pipeline.settings import RetrySettings, Settings
from schemas.envelope import Record, encode
from schemas.errors import DeadLetterReason
from schemas.identity import tag_event_id
from schemas.moderation import DecisionKind, DecisionMade, ReportsSurged
from schemas.tags import PostTagged, TagAction
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued

ReadTopic = Callable[[str, str], list[KafkaMessage]]
Eventually = Callable[..., None]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(kafka_bootstrap: str, database_url: str) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_bootstrap,
        database_url=database_url,
        retry=RetrySettings(first_delay_seconds=0.1, max_delay_seconds=0.5, attempts=2),
    )


@contextmanager
def running(worker: Runnable) -> Iterator[Runnable]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def tagging(settings: Settings, group: str) -> Iterator[Runnable]:
    """The tagging worker. The outbox relay runs too."""
    with running(make_relay(settings)), running(make_tagging(settings, group=group)) as worker:
        yield worker


@pytest.fixture
def produce(kafka_bootstrap: str, tagging: Runnable, eventually: Eventually) -> Callable[[Record], None]:
    eventually(lambda: tagging.ready, seconds=40)
    producer = Producer({"bootstrap.servers": kafka_bootstrap})

    def send(record: Record) -> None:
        producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
        assert producer.flush(10) == 0

    return send


@pytest.fixture
def post() -> str:
    return f"post-{uuid4()}"


def verdict(post: str, label: Label, minute: int = 0) -> tuple[UUID, Record]:
    verdict_id = uuid4()
    score = 0.97 if label is Label.DEEPFAKE else 0.02
    body = VerdictIssued(
        verdict_id=verdict_id,
        post_id=post,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id=str(uuid4())),
        label=label,
        score=score,
        media=(MediaVerdict(uri="s3://platform-media/a.jpg", label=label, score=score, threshold=0.9),),
        model=ModelRef(name="net", version="1", weights_sha256="0" * 64),
        issued_at=NOON + timedelta(minutes=minute),
    )
    return verdict_id, encode(body, id=str(verdict_id), source="test", key=post, time=body.issued_at)


def decision(post: str, kind: DecisionKind) -> tuple[UUID, Record]:
    decision_id = uuid4()
    body = DecisionMade(
        decision_id=decision_id,
        case_id=uuid4(),
        post_id=post,
        decision=kind,
        moderator="kim",
        decided_at=NOON,
    )
    return decision_id, encode(body, id=str(decision_id), source="test", key=post, time=NOON)


def tags(records: list[KafkaMessage]) -> list[PostTagged]:
    return [PostTagged.model_validate_json(record.value()) for record in records]


def test_repeated_deepfake_verdict_adds_the_tag_once(
    produce: Callable[[Record], None], post: str, read_topic: ReadTopic, eventually: Eventually
) -> None:
    verdict_id, event = verdict(post, Label.DEEPFAKE)

    produce(event)
    produce(event)
    _, later = verdict(post, Label.AUTHENTIC, minute=1)  # its answer shows that both were read
    produce(later)
    eventually(lambda: len(read_topic("posts.tags", post)) >= 2)

    added, removed = tags(read_topic("posts.tags", post))
    assert (added.action, added.cause.id) == (TagAction.ADD, verdict_id)
    assert added.tag_event_id == tag_event_id(post, "add", verdict_id)
    assert removed.action == TagAction.REMOVE


def test_decision_wins_over_a_later_verdict(
    produce: Callable[[Record], None], post: str, read_topic: ReadTopic, eventually: Eventually
) -> None:
    _, first = verdict(post, Label.DEEPFAKE)
    decision_id, cleared = decision(post, DecisionKind.AUTHENTIC)

    produce(first)
    eventually(lambda: len(read_topic("posts.tags", post)) == 1)
    produce(cleared)
    eventually(lambda: len(read_topic("posts.tags", post)) == 2)
    produce(verdict(post, Label.DEEPFAKE, minute=5)[1])
    confirmed_id, confirmed = decision(f"{post}-after", DecisionKind.DEEPFAKE)
    produce(confirmed)
    produce(verdict(f"{post}-after", Label.AUTHENTIC, minute=5)[1])
    produce(verdict(f"{post}-last", Label.DEEPFAKE)[1])  # its answer shows that all were read
    eventually(lambda: len(read_topic("posts.tags", f"{post}-last")) == 1)
    eventually(lambda: len(read_topic("posts.tags", f"{post}-after")) == 1)

    assert [tag.action for tag in tags(read_topic("posts.tags", post))] == [TagAction.ADD, TagAction.REMOVE]
    assert tags(read_topic("posts.tags", post))[1].cause.id == decision_id
    assert [tag.cause.id for tag in tags(read_topic("posts.tags", f"{post}-after"))] == [confirmed_id]


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (b"\xff\x00 not JSON", None, DeadLetterReason.NOT_JSON),
        (b"{}", None, DeadLetterReason.WRONG_SCHEMA),
        (None, None, DeadLetterReason.NOT_JSON),
        (b"{}", (("x", b"1"), ("x", b"2"), ("empty", None)), DeadLetterReason.MISSING_HEADERS),
        (b"x" * 600_000, None, DeadLetterReason.OVERSIZE),
    ],
    ids=["not JSON", "wrong schema", "null", "no headers", "oversize"],
)
def test_unreadable_record_becomes_a_dead_letter(
    value: bytes | None,
    headers: tuple[tuple[str, bytes | None], ...] | None,
    reason: DeadLetterReason,
    produce: Callable[[Record], None],
    post: str,
    read_topic: ReadTopic,
    eventually: Eventually,
) -> None:
    record = verdict(post, Label.DEEPFAKE)[1]
    unreadable = Record(record.topic, record.key, value, headers or record.headers)

    produce(unreadable)
    eventually(lambda: len(read_topic("dead-letters", post)) == 1)

    (message,) = read_topic("dead-letters", post)
    letter = parse(Record(message.topic(), message.key(), message.value(), tuple(message.headers())))
    assert letter.record == unreadable
    assert (letter.reason, letter.attempts) == (reason, 1)


def test_event_of_an_unexpected_type_becomes_a_dead_letter(
    produce: Callable[[Record], None], post: str, read_topic: ReadTopic, eventually: Eventually
) -> None:
    surge = ReportsSurged(surge_id=uuid4(), post_id=post, reporters=3, window_seconds=60, surged_at=NOON)
    event = encode(surge, id=str(surge.surge_id), source="test", key=post, time=NOON)

    produce(Record("media.verdicts", event.key, event.value, event.headers))
    eventually(lambda: len(read_topic("dead-letters", post)) == 1)

    (message,) = read_topic("dead-letters", post)
    letter = parse(Record(message.topic(), message.key(), message.value(), tuple(message.headers())))
    assert letter.reason == DeadLetterReason.UNKNOWN_TYPE


def test_worker_waits_for_an_unavailable_database(
    produce: Callable[[Record], None],
    settings: Settings,
    server_database_url: str,
    post: str,
    read_topic: ReadTopic,
    eventually: Eventually,
    tagging: Runnable,
) -> None:
    name = make_url(settings.database_url.get_secret_value()).database
    server = create_engine(server_database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        terminate = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(terminate, {"name": name})

        produce(verdict(post, Label.DEEPFAKE)[1])
        eventually(lambda: not tagging.ready)
        assert tagging.alive
        assert read_topic("posts.tags", post) == []

        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    server.dispose()

    eventually(lambda: len(read_topic("posts.tags", post)) == 1)
    eventually(lambda: tagging.ready)
    assert read_topic("dead-letters", post) == []
