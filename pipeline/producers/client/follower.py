"""Follows one topic from a moment on, for one reader, without a consumer group: nothing is committed."""

import threading
import time
import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Delivered
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from pipeline.producers.client.errors import BrokerUnreachableError, ProducerError, TopicMissingError
from schemas.base import Contract
from schemas.envelope import decode
from schemas.errors import UnreadableEventError
from schemas.topics import Topic

_CONNECT_SECONDS = 10.0  # a broker that is up answers in milliseconds; one that restarts may take seconds
_POLL_SECONDS = 0.2  # how long a stop may go unnoticed

C = TypeVar("C", bound=Contract)

log = structlog.get_logger(__name__)


class Follower(Generic[C]):
    """The events of a topic from now on, or from ``since``; iterate over it, or :meth:`poll` it.

    Its place is fixed when it is made: what is published afterwards is seen. Delivery is at least once,
    so the same event may come twice. One thread reads; :meth:`stop` may be called from any.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: Topic,
        contract: type[C],
        *,
        post_ids: Collection[str] | None = None,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> None:
        """``post_ids``: only these posts; ``timeout``: seconds after which iteration ends, None for never.

        Raises :class:`BrokerUnreachableError` or :class:`TopicMissingError`.
        """
        self._contract = contract
        self._keys = None if post_ids is None else frozenset(post_id.encode() for post_id in post_ids)
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._stopped = threading.Event()
        self._reading = threading.Lock()  # the Kafka client must not be closed under a poll
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"follow-{uuid.uuid4()}",  # required by the library; no group is joined
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",  # of an offset that retention took away meanwhile
                "reconnect.backoff.max.ms": 2_000,
                "log_level": 2,  # syslog's critical; every refused connection is an error already
            }
        )
        try:
            self._consumer.assign(_places(self._consumer, topic.name, since))
        except KafkaException as error:
            self._consumer.close()
            raise BrokerUnreachableError(
                f"no broker at {bootstrap} answered ({error.args[0].str()}): "
                "check the address and that Kafka runs"
            ) from error
        except ProducerError:
            self._consumer.close()
            raise

    def poll(self, timeout: float) -> C | None:
        """The next event, or None if none comes within ``timeout`` seconds; passes over the unreadable."""
        until = time.monotonic() + timeout
        while not self._stopped.is_set():
            left = max(0.0, until - time.monotonic())
            event = self._take(min(left, _POLL_SECONDS))
            if event is not None or left == 0.0:
                return event
        return None

    def __iter__(self) -> Iterator[C]:
        """Events until the timeout or :meth:`stop`."""
        while not self._stopped.is_set() and (wait := self._wait()) > 0:
            event = self.poll(wait)
            if event is not None:
                yield event

    def stop(self) -> None:
        """End the iteration, or a poll, within a fraction of a second."""
        self._stopped.set()

    def close(self) -> None:
        """Leave the broker; also while another thread reads."""
        self.stop()
        with self._reading:
            self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self) -> float:
        if self._deadline is None:
            return _POLL_SECONDS
        return min(_POLL_SECONDS, self._deadline - time.monotonic())

    def _take(self, timeout: float) -> C | None:
        with self._reading:
            delivered = None if self._stopped.is_set() else self._consumer.poll(timeout)
        return None if delivered is None else self._read(delivered)

    def _read(self, delivered: Delivered) -> C | None:
        if (error := delivered.error()) is not None:
            log.warning("follower.interrupted", topic=delivered.topic(), error=error.str())
            return None
        if self._keys is not None and delivered.key() not in self._keys:
            return None
        try:
            body = decode(list(delivered.headers() or ()), delivered.value()).body  # type: ignore[arg-type]
        except UnreadableEventError as fault:
            _passed_over(delivered, str(fault))
            return None
        if isinstance(body, self._contract):
            return body
        _passed_over(delivered, f"a {type(body).__name__} does not belong on this topic")
        return None


def _passed_over(delivered: Delivered, why: str) -> None:
    log.warning(
        "follower.passed_over",
        topic=delivered.topic(),
        partition=delivered.partition(),
        offset=delivered.offset(),
        reason=why,
    )


@retry(
    retry=retry_if_exception(lambda error: isinstance(error, KafkaException) and _passing(error)),
    stop=stop_after_delay(_CONNECT_SECONDS),
    wait=wait_fixed(0.1),
    reraise=True,
)
def _places(consumer: Consumer, topic: str, since: datetime | None) -> list[TopicPartition]:
    """Where to begin in each partition: at its end as it is now, or at the first record from ``since`` on."""
    described = consumer.list_topics(topic, timeout=_CONNECT_SECONDS).topics[topic]
    if described.error is not None:
        if described.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise TopicMissingError(f"there is no topic {topic}: `fakeme up` declares it, or the operator")
        raise KafkaException(described.error)
    ends = {number: _end(consumer, topic, number) for number in described.partitions}
    if since is None:
        return [TopicPartition(topic, number, end) for number, end in ends.items()]
    moment = int(since.timestamp() * 1000)
    wanted = [TopicPartition(topic, number, moment) for number in ends]
    found = consumer.offsets_for_times(wanted, timeout=_CONNECT_SECONDS)
    # OFFSET_END would be looked up later than now, and miss what is published in between.
    return [
        TopicPartition(topic, place.partition, ends[place.partition]) if place.offset == OFFSET_END else place
        for place in found
    ]


def _passing(error: KafkaException) -> bool:
    """Whether a broker that has just started, or a partition that moves, explains it."""
    return error.args[0].code() in {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}


def _end(consumer: Consumer, topic: str, partition: int) -> int:
    bounds = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_CONNECT_SECONDS)
    if bounds is None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
    return int(bounds[1])
