"""Reads dead letters from their topic and publishes their original events again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self, cast

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from infra.brokers import Brokers
from pipeline.errors import PipelineError, ServiceUnreachableError
from pipeline.runtime.dead_letters import DeadLetter, NotADeadLetterError, original, parse
from pipeline.runtime.kafka import PublishError, RecordPublisher, make_consumer, make_producer, record_of
from schemas.envelope import Record
from schemas.topics import DEAD_LETTERS

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 10.0  # for each response of the broker
GROUP = "fakeme-dead-letters"  # required by the client; no offset is ever committed


class NoSuchDeadLetterError(PipelineError):
    """There is no dead letter at the given position."""


class Position(NamedTuple):
    """The position of a dead letter on its topic."""

    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``partition:offset``; raises ``ValueError`` for any other text."""
        partition, offset = text.split(":")
        return cls(int(partition), int(offset))

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True)
class StoredDeadLetter:
    """A dead letter and its position."""

    position: Position
    letter: DeadLetter


class DeadLetterReader:
    """Reads the dead-letter topic up to its current end."""

    def __init__(self, bootstrap: str | Brokers) -> None:
        self._bootstrap = bootstrap

    def letters(self) -> Iterator[StoredDeadLetter]:
        """Yield all dead letters; those of the same post in order."""
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

    def find(self, position: Position) -> StoredDeadLetter:
        """Return the dead letter at ``position``; raises :class:`NoSuchDeadLetterError`."""
        consumer = make_consumer(self._bootstrap, GROUP)
        missing = NoSuchDeadLetterError(
            f"no dead letter at {position}: `fakeme dead-letters list` shows all positions"
        )
        try:
            if position.partition not in self._partitions(consumer):
                raise missing
            part = TopicPartition(DEAD_LETTERS.name, position.partition)
            begin, end = consumer.get_watermark_offsets(part, timeout=ANSWER_SECONDS)
            if not begin <= position.offset < end:
                raise missing
            stored = next(_read(consumer, position.partition, position.offset, position.offset + 1), None)
        except KafkaException as error:
            raise self._unreachable(error) from error
        finally:
            consumer.close()
        if stored is None:
            raise missing
        return stored

    def _partitions(self, consumer: Consumer) -> list[int]:
        topic = consumer.list_topics(DEAD_LETTERS.name, timeout=ANSWER_SECONDS).topics[DEAD_LETTERS.name]
        if topic.error is not None:
            raise KafkaException(topic.error)
        return sorted(topic.partitions)

    def _unreachable(self, error: KafkaException) -> ServiceUnreachableError:
        return ServiceUnreachableError(
            f"the dead letters cannot be read from {self._bootstrap}: {error.args[0].str()};"
            " check with `fakeme status` that the broker is running"
        )


def _read(consumer: Consumer, partition: int, begin: int, end: int) -> Iterator[StoredDeadLetter]:
    if begin >= end:
        return
    consumer.assign([TopicPartition(DEAD_LETTERS.name, partition, begin)])
    offset = begin
    while offset < end:
        message = consumer.poll(ANSWER_SECONDS)
        if message is None:
            raise ServiceUnreachableError(
                f"the broker sent no dead letter at {partition}:{offset} in time; try again"
            )
        if message.error() is not None:
            raise KafkaException(message.error())
        position = Position(partition, cast(int, message.offset()))
        offset = position.offset + 1
        try:
            letter = parse(record_of(message))
        except NotADeadLetterError as error:
            log.warning("dead_letters.foreign", place=str(position), error=str(error))
        else:
            yield StoredDeadLetter(position, letter)


class Replayer:
    """Publishes the original events of dead letters."""

    def __init__(self, bootstrap: str | Brokers) -> None:
        self._publisher = RecordPublisher(make_producer(bootstrap, "fakeme-replay"))

    def replay(self, letter: DeadLetter) -> Record:
        """Publish the original event, wait for its delivery and return it; raises :class:`PublishError`."""
        record = original(letter)
        errors: list[PublishError] = [PublishError(f"{record.topic}: no answer in {ANSWER_SECONDS:.0f} s")]
        self._publisher.send(record, errors.clear, lambda error: errors.insert(0, error))
        self._publisher.flush(ANSWER_SECONDS)
        if errors:
            raise errors[0]
        return record
