"""Follows one topic from a point in time, without a consumer group: no offsets are committed."""

import threading
import time
import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from infra.brokers import Brokers, connection
from pipeline.producers.client.errors import BrokerUnreachableError, ProducerError, TopicMissingError
from schemas.base import Contract
from schemas.envelope import decode
from schemas.errors import UnreadableEventError
from schemas.topics import Topic

_CONNECT_SECONDS = 10.0  # a running broker answers in milliseconds; a restarting one may take seconds
_POLL_SECONDS = 0.2  # upper bound on the delay of a stop

C = TypeVar("C", bound=Contract)

log = structlog.get_logger(__name__)


class Follower(Generic[C]):
    """The events of a topic from now on, or since ``since``; iterate over it or call :meth:`poll`.

    The start offsets are fixed in the constructor, so every event published afterwards is returned. Delivery
    is at least once: the same event may come twice. Read in one thread; :meth:`stop` is thread-safe.
    """

    def __init__(
        self,
        bootstrap: str | Brokers,
        topic: Topic,
        contract: type[C],
        *,
        post_ids: Collection[str] | None = None,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> None:
        """``post_ids``: only these posts. ``timeout``: seconds until the iteration ends, None for no limit.

        Raises :class:`BrokerUnreachableError` or :class:`TopicMissingError`.
        """
        self._contract = contract
        self._keys = None if post_ids is None else frozenset(post_id.encode() for post_id in post_ids)
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._stopped = threading.Event()
        self._reading = threading.Lock()  # the Kafka client must not be closed during a poll
        self._consumer = Consumer(
            {
                **connection(bootstrap),
                "group.id": f"follow-{uuid.uuid4()}",  # required by the library; no group is joined
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",  # if retention has deleted the offset
                "reconnect.backoff.max.ms": 2_000,
                "log_level": 2,  # syslog's critical; librdkafka logs every refused connection as an error
            }
        )
        try:
            self._consumer.assign(_start_positions(self._consumer, topic.name, since))
        except KafkaException as error:
            self._consumer.close()
            raise BrokerUnreachableError(
                f"no broker at {bootstrap} answered ({error.args[0].str()}): "
                "check the address and that Kafka is running"
            ) from error
        except ProducerError:
            self._consumer.close()
            raise

    def poll(self, timeout: float) -> C | None:
        """Return the next event, or None after ``timeout`` seconds. Unreadable events are skipped."""
        deadline = time.monotonic() + timeout
        while not self._stopped.is_set():
            remaining = max(0.0, deadline - time.monotonic())
            event = self._poll_once(min(remaining, _POLL_SECONDS))
            if event is not None or remaining == 0.0:
                return event
        return None

    def __iter__(self) -> Iterator[C]:
        """Yield events until the timeout or :meth:`stop`."""
        while not self._stopped.is_set() and (timeout := self._poll_timeout()) > 0:
            event = self.poll(timeout)
            if event is not None:
                yield event

    def stop(self) -> None:
        """End the iteration or a poll within a fraction of a second."""
        self._stopped.set()

    def close(self) -> None:
        """Close the connection to the broker; safe while another thread reads."""
        self.stop()
        with self._reading:
            self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _poll_timeout(self) -> float:
        if self._deadline is None:
            return _POLL_SECONDS
        return min(_POLL_SECONDS, self._deadline - time.monotonic())

    def _poll_once(self, timeout: float) -> C | None:
        with self._reading:
            message = None if self._stopped.is_set() else self._consumer.poll(timeout)
        return None if message is None else self._read(message)

    def _read(self, message: KafkaMessage) -> C | None:
        if (error := message.error()) is not None:
            log.warning("follower.interrupted", topic=message.topic(), error=error.str())
            return None
        if self._keys is not None and message.key() not in self._keys:
            return None
        try:
            body = decode(list(message.headers() or ()), message.value()).body  # type: ignore[arg-type]
        except UnreadableEventError as fault:
            _log_skipped(message, str(fault))
            return None
        if isinstance(body, self._contract):
            return body
        _log_skipped(message, f"unexpected {type(body).__name__} on this topic")
        return None


def _log_skipped(message: KafkaMessage, reason: str) -> None:
    log.warning(
        "follower.passed_over",
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        reason=reason,
    )


@retry(
    retry=retry_if_exception(lambda error: isinstance(error, KafkaException) and _is_temporary(error)),
    stop=stop_after_delay(_CONNECT_SECONDS),
    wait=wait_fixed(0.1),
    reraise=True,
)
def _start_positions(consumer: Consumer, topic: str, since: datetime | None) -> list[TopicPartition]:
    """Return each partition's start: its current end, or its first record at or after ``since``."""
    described = consumer.list_topics(topic, timeout=_CONNECT_SECONDS).topics[topic]
    if described.error is not None:
        if described.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise TopicMissingError(f"there is no topic {topic}: `fakeme up` or `fakeme setup` creates it")
        raise KafkaException(described.error)
    ends = {number: _end(consumer, topic, number) for number in described.partitions}
    if since is None:
        return [TopicPartition(topic, number, end) for number, end in ends.items()]
    timestamp_ms = int(since.timestamp() * 1000)
    queries = [TopicPartition(topic, number, timestamp_ms) for number in ends]
    starts = consumer.offsets_for_times(queries, timeout=_CONNECT_SECONDS)
    # OFFSET_END would be resolved later than now and would miss events published in between.
    return [
        TopicPartition(topic, start.partition, ends[start.partition]) if start.offset == OFFSET_END else start
        for start in starts
    ]


def _is_temporary(error: KafkaException) -> bool:
    """Whether a starting broker or a moving partition explains the error."""
    return error.args[0].code() in {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}


def _end(consumer: Consumer, topic: str, partition: int) -> int:
    bounds = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_CONNECT_SECONDS)
    if bounds is None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
    return int(bounds[1])
