"""Reads the events of a topic from a point in time up to its current end."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import cast

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from infra.brokers import Brokers
from pipeline.errors import ServiceUnreachableError
from pipeline.runtime.kafka import make_consumer, record_of
from schemas.envelope import Event, read_event
from schemas.errors import UnreadableEventError
from schemas.topics import Topic

ANSWER_SECONDS = 10.0  # for each response of the broker
GROUP = "fakeme-look-back"  # required by the client; no offset is ever committed

Progress = Callable[[int, int], None]  # records read so far, and in total
Range = tuple[int, int]  # first offset, and the offset after the last

log = structlog.get_logger(__name__)


def events_since(
    bootstrap: str | Brokers, topic: Topic, since: datetime, progress: Progress
) -> Iterator[Event]:
    """Yield the events that ``topic`` received at ``since`` or later; unreadable events are skipped.

    :raises ServiceUnreachableError: if the broker does not answer.
    """
    consumer = make_consumer(bootstrap, GROUP)
    try:
        ranges = _ranges(consumer, topic, since)
        total = sum(end - begin for begin, end in ranges.values())
        for done, message in enumerate(_records(consumer, topic, ranges), start=1):
            progress(done, total)
            try:
                yield read_event(record_of(message), topic)
            except UnreadableEventError as error:
                position = f"{message.partition()}:{message.offset()}"
                log.warning("event.unreadable", topic=topic.name, place=position, error=str(error))
    except KafkaException as error:
        raise ServiceUnreachableError(
            f"{topic.name} cannot be read from {bootstrap}: {error.args[0].str()};"
            " check with `fakeme status` that the broker is running"
        ) from error
    finally:
        consumer.close()


def _ranges(consumer: Consumer, topic: Topic, since: datetime) -> dict[int, Range]:
    """Return the offsets to read, by partition; empty partitions are left out."""
    metadata = consumer.list_topics(topic.name, timeout=ANSWER_SECONDS).topics[topic.name]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    timestamp_ms = int(since.timestamp() * 1000)
    queries = [TopicPartition(topic.name, number, timestamp_ms) for number in metadata.partitions]
    ranges = {}
    for start in consumer.offsets_for_times(queries, timeout=ANSWER_SECONDS):
        partition = TopicPartition(topic.name, start.partition)
        _, end = consumer.get_watermark_offsets(partition, timeout=ANSWER_SECONDS)
        if 0 <= start.offset < end:  # negative: no record at or after this time
            ranges[start.partition] = (start.offset, end)
    return ranges


def _records(consumer: Consumer, topic: Topic, ranges: dict[int, Range]) -> Iterator[KafkaMessage]:
    consumer.assign([TopicPartition(topic.name, number, begin) for number, (begin, _) in ranges.items()])
    unread = {number: end for number, (_, end) in ranges.items()}
    while unread:
        message = consumer.poll(ANSWER_SECONDS)
        if message is None:
            raise ServiceUnreachableError(
                f"the broker sent no more events of {topic.name} in time; try again"
            )
        if message.error() is not None:
            raise KafkaException(message.error())
        number, offset = cast(int, message.partition()), cast(int, message.offset())
        if number not in unread:  # published after the end was determined
            continue
        if offset + 1 >= unread[number]:
            del unread[number]
        yield message
