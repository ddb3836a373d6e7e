"""A tagging worker is stopped and replaced while events arrive: no tag is lost or duplicated."""

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
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
ROOT = Path(__file__).parents[4]


def publish_decision(producer: Producer, post: str) -> None:
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
    """Return how many records of the decisions topic the group has committed, over all partitions."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    topic = MODERATION_DECISIONS
    parts = consumer.committed([TopicPartition(topic.name, number) for number in range(topic.partitions)])
    consumer.close()
    return sum(part.offset for part in parts)


def start(worker: Tagging) -> threading.Thread:
    thread = threading.Thread(target=worker.run)
    thread.start()
    return thread


def stop(worker: Tagging, thread: threading.Thread) -> None:
    worker.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_restart_loses_and_duplicates_no_tag(
    kafka_bootstrap: str, database_url: str, group: str, eventually: Eventually
) -> None:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url)
    engine = connect(database_url)
    before = committed(kafka_bootstrap, group)
    producer = Producer({"bootstrap.servers": kafka_bootstrap})
    for number in range(POSTS):
        publish_decision(producer, f"post-{number}")
    assert producer.flush(10) == 0

    first = make_tagging(settings, group=group)
    thread = start(first)
    eventually(lambda: count(engine, PostTag) > 0, seconds=40)
    stop(first, thread)
    tags_at_stop = count(engine, PostTag)
    committed_at_stop = committed(kafka_bootstrap, group) - before

    second = make_tagging(settings, group=group)
    thread = start(second)
    eventually(lambda: committed(kafka_bootstrap, group) - before == POSTS, seconds=40)
    stop(second, thread)

    assert 0 < tags_at_stop < POSTS
    assert committed_at_stop <= tags_at_stop
    assert count(engine, PostTag) == POSTS
    assert count(engine, OutboxRow) == POSTS
    engine.dispose()


def test_killed_worker_leaves_nothing_in_the_current_folder(
    kafka_bootstrap: str, database_url: str, tmp_path: Path, eventually: Eventually
) -> None:
    data, port = tmp_path / "data", free_port()
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FAKEME_HOME": str(data),
        "FAKEME_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "FAKEME_DATABASE_URL": database_url,
        "FAKEME_HEALTH_PORT": str(port),
    }

    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "worker", "tagging"], cwd=folder, env=environment
    ) as worker:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/readyz"), seconds=60)
        worker.kill()

    assert list(folder.iterdir()) == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return int(response.status) == 200
    except OSError:
        return False
