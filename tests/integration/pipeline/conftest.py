"""Fixtures for the tests of workers: reading a topic to its end, and waiting for a condition."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from pipeline.consumers.tagging.subscriptions import SUBSCRIPTIONS

ReadTopic = Callable[[str, str], list[KafkaMessage]]
Eventually = Callable[..., None]


@pytest.fixture(scope="module")
def group(kafka_bootstrap: str) -> str:
    """A consumer group for tagging that starts at the end of every topic, so it reads only later events."""
    name = f"tagging-{uuid4()}"
    consumer = Consumer({"bootstrap.servers": kafka_bootstrap, "group.id": name})
    topics = [subscription.topic for subscription in SUBSCRIPTIONS]
    parts = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
    for part in parts:
        part.offset = consumer.get_watermark_offsets(part)[1]
    consumer.commit(offsets=parts, asynchronous=False)
    consumer.close()
    return name


@pytest.fixture
def read_topic(kafka_bootstrap: str) -> Iterator[ReadTopic]:
    """``read_topic(topic, key)`` returns all current records of the topic with that key, in order."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka_bootstrap,
            "group.id": "test-reader",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 10,
        }
    )

    def read(topic: str, key: str) -> list[KafkaMessage]:
        parts = [
            TopicPartition(topic, number) for number in consumer.list_topics(topic).topics[topic].partitions
        ]
        bounds = {part.partition: consumer.get_watermark_offsets(part) for part in parts}
        unread = {number: end for number, (begin, end) in bounds.items() if begin < end}
        consumer.assign([TopicPartition(topic, number, bounds[number][0]) for number in unread])
        records = []
        deadline = time.monotonic() + 20
        while unread:
            assert time.monotonic() < deadline, (
                f"{topic} could not be read to its end; unread partitions: {unread}"
            )
            record = consumer.poll(0.1)
            if record is None or record.error() is not None:
                continue
            records.append(record)
            if record.offset() + 1 >= unread.get(record.partition(), 0):
                unread.pop(record.partition(), None)
        return [record for record in records if record.key() == key.encode()]

    yield read
    consumer.close()


@pytest.fixture
def eventually() -> Eventually:
    """``eventually(condition, seconds=15)`` waits until the condition is true; it fails after that time."""

    def wait(condition: Callable[[], bool], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"the condition was not met within {seconds} s"
            time.sleep(0.02)

    return wait
