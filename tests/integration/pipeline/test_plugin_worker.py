"""A worker from another package runs like FakeME's own workers, with topics, retries and health checks."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Message as KafkaMessage

from pipeline.runtime.kafka import RecordPublisher, make_producer
from schemas.envelope import encode
from schemas.tags import CauseKind, Explanation, PostTagged, TagAction, TagCause

PLUGIN = Path(__file__).parents[2] / "plugin"
TIMEOUT_SECONDS = 60.0


@pytest.fixture
def environment(kafka_bootstrap: str, database_url: str) -> dict[str, str]:
    paths = os.pathsep.join([str(PLUGIN), os.environ.get("PYTHONPATH", "")])
    return {
        **os.environ,
        "PYTHONPATH": paths,
        "FAKEME_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "FAKEME_DATABASE_URL": database_url,
        "FAKEME_RETRY__FIRST_DELAY_SECONDS": "0.1",
    }


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The plugin's worker; its topics are declared by ``fakeme setup``, as in a deployment."""
    fakeme = [sys.executable, "-m", "pipeline"]
    subprocess.run([*fakeme, "setup", "--no-buckets"], env=environment, check=True)
    with subprocess.Popen([*fakeme, "worker", "acme-amplifier"], env=environment) as process:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_SECONDS) == 0


def tagged(post_id: str) -> PostTagged:
    return PostTagged(
        tag_event_id=uuid4(),
        post_id=post_id,
        action=TagAction.ADD,
        why=Explanation(en="a test", ko="시험"),
        cause=TagCause(kind=CauseKind.VERDICT, id=UUID(int=1)),
        tagged_at=datetime.now(UTC),
    )


@pytest.mark.parametrize("suffix", ["", "-retried"])
def test_worker_of_a_plugin_answers_events(
    worker: subprocess.Popen[bytes],
    kafka_bootstrap: str,
    read_topic: Callable[[str, str], list[KafkaMessage]],
    suffix: str,
) -> None:
    event = tagged(f"{uuid4().hex}{suffix}")
    publisher = RecordPublisher(make_producer(kafka_bootstrap, "test-plugin"))
    message = encode(
        event, id=str(event.tag_event_id), source="test", key=event.post_id, time=event.tagged_at
    )

    publisher.send(message, lambda: None, pytest.fail)
    assert publisher.flush(TIMEOUT_SECONDS) == 0

    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (answers := read_topic("reports.surged", event.post_id)):
        assert time.monotonic() < deadline, "the plugin's worker did not answer in time"
        assert worker.poll() is None
    assert len(answers) == 1
    assert len(read_topic("posts.tags.acme-amplifier.retry", event.post_id)) == (1 if suffix else 0)
