"""What the tests of workers share: reading a topic to its end, and waiting for a condition."""

import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka import Message as KafkaMessage

ReadTopic = Callable[[str, str], list[KafkaMessage]]
Eventually = Callable[..., None]


@pytest.fixture
def read_topic(kafka_bootstrap: str) -> Iterator[ReadTopic]:
    """``read_topic(topic, key)``: all records of the topic with that key, in order, as of now."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka_bootstrap,
            "group.id": "reader-of-tests",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
        }
    )

    def read(topic: str, key: str) -> list[KafkaMessage]:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ends = {part: consumer.get_watermark_offsets(TopicPartition(topic, part))[1] for part in partitions}
        consumer.assign([TopicPartition(topic, part, 0) for part in partitions])
        found = []
        deadline = time.monotonic() + 20
        while any(
            position.offset < ends[position.partition]
            for position in consumer.position([TopicPartition(topic, part) for part in ends])
            if ends[position.partition] > 0
        ):
            assert time.monotonic() < deadline, f"{topic} cannot be read to its end"
            found += consumer.consume(500, timeout=0.1)
        return [record for record in found if record.key() == key.encode() and record.error() is None]

    yield read
    consumer.close()


@pytest.fixture
def eventually() -> Eventually:
    """``eventually(condition, seconds=15)``: returns once the condition holds, fails if it never does."""

    def wait(condition: Callable[[], bool], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not so after {seconds} s"
            time.sleep(0.02)

    return wait
