"""Kafka clients: producers that wait for all replicas, and consumers without automatic commits."""

import logging
import socket
from collections.abc import Callable
from typing import cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from infra.brokers import Brokers, connection
from pipeline.errors import PipelineError
from schemas.envelope import Record
from schemas.topics import DEAD_LETTERS

log = structlog.get_logger(__name__)

_CLIENT_LOG = logging.getLogger("librdkafka")  # librdkafka itself would write plain text to stderr

# After a kill -9, the group's partitions are reassigned only when the dead member's session has timed out.
SESSION_TIMEOUT_MS = 10_000
NO_DELIVERY_TIMEOUT = 0  # librdkafka's value for "no limit": retry until the broker is available


# The message itself is at fault. Other refusals (a missing topic or right, a policy) concern every message.
_MESSAGE_FAULTS = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD)


class PublishError(PipelineError):
    """The broker rejected a message permanently; ``message_fault`` if it accepts others."""

    def __init__(self, detail: str, *, message_fault: bool = False) -> None:
        super().__init__(detail)
        self.message_fault = message_fault


def make_consumer(bootstrap: str | Brokers, group: str) -> Consumer:
    """Return a member of ``group`` with cooperative rebalancing and manual commits."""
    return Consumer(
        {
            **connection(bootstrap),
            "group.id": group,
            "client.id": f"{group}-{socket.gethostname()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": SESSION_TIMEOUT_MS,
            "heartbeat.interval.ms": SESSION_TIMEOUT_MS // 4,
            "queued.max.messages.kbytes": 16_384,  # librdkafka's buffer; the loop limits its own
            "reconnect.backoff.max.ms": 2_000,
        },
        logger=_CLIENT_LOG,
    )


def make_producer(
    bootstrap: str | Brokers, client: str, delivery_timeout_ms: int = NO_DELIVERY_TIMEOUT
) -> Producer:
    """Return an idempotent producer: acknowledged messages are on all replicas, once and in order.

    A message that the broker has not acknowledged after ``delivery_timeout_ms`` is reported as failed.
    """
    return Producer(
        {
            **connection(bootstrap),
            "client.id": client,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",  # as Java clients: a key has one partition for all clients
            "linger.ms": 2,
            "message.timeout.ms": delivery_timeout_ms,
            "message.max.bytes": int(DEAD_LETTERS.config["max.message.bytes"]),  # the largest messages
            "reconnect.backoff.max.ms": 2_000,
        },
        logger=_CLIENT_LOG,
    )


class RecordPublisher:
    """Publishes records and reports when each is acknowledged. Use it from one thread only."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def send(
        self,
        record: Record,
        on_acknowledged: Callable[[], None],
        on_rejected: Callable[[PublishError], None],
    ) -> None:
        """Queue ``record`` for publishing.

        Once the outcome is known, :meth:`poll` or :meth:`flush` calls one of the callbacks. A record that the
        client itself rejects is reported at once.
        """

        def delivered(error: KafkaError | None, _: KafkaMessage) -> None:
            if error is None:
                on_acknowledged()
            else:
                on_rejected(_refusal(record.topic, error))

        while True:
            try:
                self._producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    headers=list(record.headers),
                    on_delivery=delivered,
                )
            except BufferError:  # librdkafka's queue is full: wait until it has room
                self._producer.poll(0.1)
            except KafkaException as error:  # rejected by the client, for example as too large
                on_rejected(_refusal(record.topic, error.args[0]))
                return
            else:
                return

    def poll(self) -> None:
        """Run the callbacks that are due, without waiting."""
        self._producer.poll(0)

    def flush(self, seconds: float) -> int:
        """Wait up to ``seconds`` for queued records; return how many are not acknowledged yet."""
        return int(self._producer.flush(seconds))


def _refusal(topic: str, error: KafkaError) -> PublishError:
    return PublishError(f"{topic}: {error.str()}", message_fault=error.code() in _MESSAGE_FAULTS)


def record_of(message: KafkaMessage) -> Record:
    """Convert a message from the Kafka client into a :class:`Record`, byte for byte."""
    return Record(str(message.topic()), _bytes(message.key()), _bytes(message.value()), _headers(message))


def _headers(message: KafkaMessage) -> tuple[tuple[str, bytes | None], ...]:
    """Return the headers; none if a name is not UTF-8, so that the record is answered as unreadable."""
    try:
        pairs = cast("list[tuple[str, bytes | str | None]]", message.headers() or [])
    except UnicodeDecodeError:
        return ()
    return tuple((name, _bytes(raw)) for name, raw in pairs)


def _bytes(raw: str | bytes | None) -> bytes | None:
    return raw.encode() if isinstance(raw, str) else raw


def commit_sync(consumer: Consumer, positions: list[TopicPartition]) -> None:
    """Commit and wait. A failure is only logged: the next owner handles the uncommitted records again."""
    if not positions:
        return
    try:
        consumer.commit(offsets=positions, asynchronous=False)
    except KafkaException as error:
        log.warning("commit.refused", error=error.args[0].str(), partitions=len(positions))
