"""Reads events of a topic from some time on to where the topic ends now, for commands that look back."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import cast

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from pipeline.errors import ServiceUnreachableError
from pipeline.runtime.kafka import make_consumer, record_of
from schemas.envelope import Event, read_event
from schemas.errors import UnreadableEventError
from schemas.topics import Topic

ANSWER_SECONDS = 10.0  # for one answer of the broker
GROUP = "fakeme-look-back"  # only named: nothing is ever committed

Progress = Callable[[int, int], None]  # records read, and in all
Range = tuple[int, int]  # first offset, and the one past the last

log = structlog.get_logger(__name__)


def events_since(bootstrap: str, topic: Topic, since: datetime, progress: Progress) -> Iterator[Event]:
    """The events of ``topic`` that the broker got at ``since`` or later; unreadable ones are passed over.

    :raises ServiceUnreachableError: if the broker does not answer.
    """
    consumer = make_consumer(bootstrap, GROUP)
    try:
        ranges = _ranges(consumer, topic, since)
        total = sum(end - begin for begin, end in ranges.values())
        for done, read in enumerate(_records(consumer, topic, ranges), start=1):
            progress(done, total)
            try:
                yield read_event(record_of(read), topic)
            except UnreadableEventError as error:
                place = f"{read.partition()}:{read.offset()}"
                log.warning("event.unreadable", topic=topic.name, place=place, error=str(error))
    except KafkaException as error:
        raise ServiceUnreachableError(
            f"{topic.name} cannot be read from {bootstrap}: {error.args[0].str()};"
            " is the broker up (`fakeme status`)?"
        ) from error
    finally:
        consumer.close()


def _ranges(consumer: Consumer, topic: Topic, since: datetime) -> dict[int, Range]:
    """What is to be read, by partition; those with nothing are left out."""
    found = consumer.list_topics(topic.name, timeout=ANSWER_SECONDS).topics[topic.name]
    if found.error is not None:
        raise KafkaException(found.error)
    moment = int(since.timestamp() * 1000)
    asked = [TopicPartition(topic.name, number, moment) for number in found.partitions]
    ranges = {}
    for part in consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS):
        whole = TopicPartition(topic.name, part.partition)
        _, end = consumer.get_watermark_offsets(whole, timeout=ANSWER_SECONDS)
        if 0 <= part.offset < end:  # negative: nothing is that late
            ranges[part.partition] = (part.offset, end)
    return ranges


def _records(consumer: Consumer, topic: Topic, ranges: dict[int, Range]) -> Iterator[KafkaMessage]:
    consumer.assign([TopicPartition(topic.name, number, begin) for number, (begin, _) in ranges.items()])
    unread = {number: end for number, (_, end) in ranges.items()}
    while unread:
        read = consumer.poll(ANSWER_SECONDS)
        if read is None:
            raise ServiceUnreachableError(f"the broker sends no more of {topic.name}; try again")
        if read.error() is not None:
            raise KafkaException(read.error())
        number, offset = cast(int, read.partition()), cast(int, read.offset())
        if number not in unread:  # it came after we began
            continue
        if offset + 1 >= unread[number]:
            del unread[number]
        yield read
