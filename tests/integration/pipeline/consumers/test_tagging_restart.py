"""A tagging worker that is stopped among its events: the next one goes on, and no tag is lost or doubled."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from sqlalchemy import Engine, func, select

from pipeline.consumers.tagging.worker import Tagging, make_tagging
from pipeline.settings import Settings
from schemas.envelope import encode
from schemas.moderation import DecisionKind, DecisionMade
from schemas.topics import MODERATION_DECISIONS
from storage.database import connect
from storage.tables import OutboxRow, PostTag

Eventually = Callable[..., None]
POSTS = 120


def decide(producer: Producer, post: str) -> None:
    decision = DecisionMade(
        decision_id=uuid4(),
        case_id=uuid4(),
        post_id=post,
        decision=DecisionKind.DEEPFAKE,
        moderator="kim",
        decided_at=datetime.now(UTC),
    )
    event = encode(decision, id=str(decision.decision_id), source="test", key=post, time=decision.decided_at)
    producer.produce(event.topic, event.value, event.key, headers=list(event.headers))


def count(engine: Engine, table: type[PostTag] | type[OutboxRow]) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def committed(bootstrap: str, group: str) -> int:
    """How many records of the decisions the group has behind it, over all partitions."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    topic = MODERATION_DECISIONS
    parts = consumer.committed([TopicPartition(topic.name, number) for number in range(topic.partitions)])
    consumer.close()
    return sum(part.offset for part in parts)


def begin(worker: Tagging) -> threading.Thread:
    thread = threading.Thread(target=worker.run)
    thread.start()
    return thread


def end(worker: Tagging, thread: threading.Thread) -> None:
    worker.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_restart_loses_and_doubles_nothing(
    kafka_bootstrap: str, database_url: str, group: str, eventually: Eventually
) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url)
    engine = connect(database_url)
    before = committed(kafka_bootstrap, group)
    producer = Producer({"bootstrap.servers": kafka_bootstrap})
    for number in range(POSTS):
        decide(producer, f"post-{number}")
    assert producer.flush(10) == 0

    first = make_tagging(settings, group=group)
    thread = begin(first)
    eventually(lambda: count(engine, PostTag) > 0, seconds=40)
    end(first, thread)
    stopped_at = count(engine, PostTag)
    behind = committed(kafka_bootstrap, group) - before

    second = make_tagging(settings, group=group)
    thread = begin(second)
    eventually(lambda: committed(kafka_bootstrap, group) - before == POSTS, seconds=40)
    end(second, thread)

    assert 0 < stopped_at < POSTS
    assert behind <= stopped_at
    assert count(engine, PostTag) == POSTS
    assert count(engine, OutboxRow) == POSTS
    engine.dispose()
