"""The dead letters on their topic: reading them, and publishing what they keep once more."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self, cast

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from pipeline.errors import PipelineError, ServiceUnreachableError
from pipeline.runtime.dead_letters import DeadLetter, NotADeadLetterError, original, parse
from pipeline.runtime.kafka import PublishError, RecordPublisher, make_consumer, make_producer, record_of
from schemas.envelope import Record
from schemas.topics import DEAD_LETTERS

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 10.0  # for one answer of the broker
GROUP = "fakeme-dead-letters"  # only named: nothing is ever committed


class NoSuchDeadLetterError(PipelineError):
    """There is no dead letter at that place."""


class Position(NamedTuple):
    """Where a dead letter lies on its topic."""

    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``partition:offset``; raises ``ValueError`` for anything else."""
        partition, offset = text.split(":")
        return cls(int(partition), int(offset))

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True)
class StoredDeadLetter:
    """A dead letter and where it lies."""

    place: Position
    letter: DeadLetter


class DeadLetterReader:
    """Reads the topic from its beginning to where it ends now."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    def letters(self) -> Iterator[StoredDeadLetter]:
        """All dead letters, those of one post in their order."""
        consumer = make_consumer(self._bootstrap, GROUP)
        try:
            for number in self._partitions(consumer):
                part = TopicPartition(DEAD_LETTERS.name, number)
                begin, end = consumer.get_watermark_offsets(part, timeout=ANSWER_SECONDS)
                yield from _read(consumer, number, begin, end)
        except KafkaException as error:
            raise self._unreachable(error) from error
        finally:
            consumer.close()

    def find(self, place: Position) -> StoredDeadLetter:
        """The dead letter at ``place``; raises :class:`NoSuchDeadLetterError`."""
        consumer = make_consumer(self._bootstrap, GROUP)
        missing = NoSuchDeadLetterError(f"no dead letter at {place}: `fakeme dead-letters list` shows them")
        try:
            if place.partition not in self._partitions(consumer):
                raise missing
            part = TopicPartition(DEAD_LETTERS.name, place.partition)
            begin, end = consumer.get_watermark_offsets(part, timeout=ANSWER_SECONDS)
            if not begin <= place.offset < end:
                raise missing
            found = next(_read(consumer, place.partition, place.offset, place.offset + 1), None)
        except KafkaException as error:
            raise self._unreachable(error) from error
        finally:
            consumer.close()
        if found is None:
            raise missing
        return found

    def _partitions(self, consumer: Consumer) -> list[int]:
        found = consumer.list_topics(DEAD_LETTERS.name, timeout=ANSWER_SECONDS).topics[DEAD_LETTERS.name]
        if found.error is not None:
            raise KafkaException(found.error)
        return sorted(found.partitions)

    def _unreachable(self, error: KafkaException) -> ServiceUnreachableError:
        return ServiceUnreachableError(
            f"the dead letters cannot be read from {self._bootstrap}: {error.args[0].str()};"
            " is the broker up (`fakeme status`)?"
        )


def _read(consumer: Consumer, partition: int, begin: int, end: int) -> Iterator[StoredDeadLetter]:
    if begin >= end:
        return
    consumer.assign([TopicPartition(DEAD_LETTERS.name, partition, begin)])
    offset = begin
    while offset < end:
        read = consumer.poll(ANSWER_SECONDS)
        if read is None:
            raise ServiceUnreachableError(f"the broker sends no more after {partition}:{offset}; try again")
        if read.error() is not None:
            raise KafkaException(read.error())
        place = Position(partition, cast(int, read.offset()))
        offset = place.offset + 1
        try:
            letter = parse(record_of(read))
        except NotADeadLetterError as error:
            log.warning("dead_letters.foreign", place=str(place), error=str(error))
        else:
            yield StoredDeadLetter(place, letter)


class Replayer:
    """Publishes the originals of dead letters; what it returns from is safe on its topic."""

    def __init__(self, bootstrap: str) -> None:
        self._publisher = RecordPublisher(make_producer(bootstrap, "fakeme-replay"))

    def replay(self, letter: DeadLetter) -> Record:
        """Publish the original and return it; raises :class:`PublishError` if the broker does not take it."""
        record = original(letter)
        faults: list[PublishError] = [PublishError(f"{record.topic}: no answer in {ANSWER_SECONDS:.0f} s")]
        self._publisher.send(record, faults.clear, lambda error: faults.insert(0, error))
        self._publisher.flush(ANSWER_SECONDS)
        if faults:
            raise faults[0]
        return record
