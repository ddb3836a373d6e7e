"""Kafka clients as FakeME wants them: nothing acknowledged before it is safe, nothing committed by itself."""

import logging
import socket
from collections.abc import Callable
from typing import cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from pipeline.errors import PipelineError
from schemas.envelope import Record
from schemas.topics import DEAD_LETTERS

log = structlog.get_logger(__name__)

_CLIENT_LOG = logging.getLogger("librdkafka")  # its own lines to stderr would be no JSON

# After a kill -9 the group waits this long for the dead member; its successor starts no sooner.
SESSION_TIMEOUT_MS = 10_000
DELIVERY_FOR_EVER = 0  # librdkafka's "no limit": a broker that is away is waited for


class PublishError(PipelineError):
    """The broker refused a message for good, for example because it is too large."""


def make_consumer(bootstrap: str, group: str) -> Consumer:
    """A member of ``group`` that hands partitions over step by step and commits only when told to."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "client.id": f"{group}-{socket.gethostname()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": SESSION_TIMEOUT_MS,
            "heartbeat.interval.ms": SESSION_TIMEOUT_MS // 4,
            "queued.max.messages.kbytes": 16_384,  # librdkafka's own buffer; ours is bounded in the loop
            "reconnect.backoff.max.ms": 2_000,
        },
        logger=_CLIENT_LOG,
    )


def make_producer(bootstrap: str, client: str, delivery_ms: int = DELIVERY_FOR_EVER) -> Producer:
    """An idempotent producer: what it acknowledged is on all replicas, once and in order.

    A message that the broker has not taken ``delivery_ms`` after it was handed over is reported as failed.
    """
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "client.id": client,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",  # as Java clients and the SDK: a post has one number everywhere
            "linger.ms": 2,
            "message.timeout.ms": delivery_ms,
            "message.max.bytes": int(DEAD_LETTERS.config["max.message.bytes"]),  # the largest that we send
            "reconnect.backoff.max.ms": 2_000,
        },
        logger=_CLIENT_LOG,
    )


class RecordPublisher:
    """Sends messages and says of each when it is safe. For the one thread that owns it."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def send(
        self, record: Record, on_safe: Callable[[], None], on_refused: Callable[[PublishError], None]
    ) -> None:
        """Hand ``record`` over; one callback is called from :meth:`serve` once the outcome is known."""

        def delivered(error: KafkaError | None, _: KafkaMessage) -> None:
            if error is None:
                on_safe()
            else:
                on_refused(PublishError(f"{record.topic}: {error.str()}"))

        while True:
            try:
                self._producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    headers=list(record.headers),
                    on_delivery=delivered,
                )
            except BufferError:  # librdkafka's queue is full: let it drain
                self._producer.poll(0.1)
            except KafkaException as error:  # refused here, for example as too large
                on_refused(PublishError(f"{record.topic}: {error.args[0].str()}"))
                return
            else:
                return

    def serve(self) -> None:
        """Run the callbacks that are due."""
        self._producer.poll(0)

    def flush(self, seconds: float) -> int:
        """Wait for what is under way; returns how many messages are not safe yet."""
        return int(self._producer.flush(seconds))


def record_of(read: KafkaMessage) -> Record:
    """What was read, byte for byte, as the type that the rest of the pipeline knows."""
    pairs = cast("list[tuple[str, bytes | str | None]]", read.headers() or [])
    headers = tuple((name, _bytes(raw)) for name, raw in pairs)
    return Record(str(read.topic()), _bytes(read.key()), _bytes(read.value()), headers)


def _bytes(raw: str | bytes | None) -> bytes | None:
    return raw.encode() if isinstance(raw, str) else raw


def commit_now(consumer: Consumer, positions: list[TopicPartition]) -> None:
    """Commit and wait. A refusal is no loss: who gets the partitions next repeats what was not committed."""
    if not positions:
        return
    try:
        consumer.commit(offsets=positions, asynchronous=False)
    except KafkaException as error:
        log.warning("commit.refused", error=error.args[0].str(), partitions=len(positions))
