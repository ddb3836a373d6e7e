"""Publishes encoded events to Kafka and reports their delivery."""

import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self
from uuid import UUID

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from infra.brokers import Brokers, connection
from pipeline.producers.client.errors import (
    BrokerUnreachableError,
    EventTooLargeError,
    ProducerError,
    PublishRefusedError,
    TopicMissingError,
)
from pipeline.producers.client.events import Publication

_POLL_SECONDS = 0.2  # upper bound on the wait for a delivery report and on the time to close
_UNREACHABLE = frozenset(
    {KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}
)
_NO_TOPIC = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})


class EventPublisher:
    """An idempotent producer (acks=all) that returns deliveries as futures. Thread-safe."""

    def __init__(self, bootstrap: str | Brokers, *, timeout: float) -> None:
        """``timeout``: seconds after which an undelivered record fails."""
        self._bootstrap = bootstrap
        self._timeout = timeout
        self.broken = False  # true after a fatal error, which requires a new producer
        self._producer = Producer(
            {
                **connection(bootstrap),
                "enable.idempotence": True,
                "acks": "all",
                "delivery.timeout.ms": int(timeout * 1000),
                # The Java clients' partitioner: a post has the same partition whichever client publishes it.
                "partitioner": "murmur2_random",
                "reconnect.backoff.max.ms": 2_000,
                "log_level": 2,  # syslog's critical; librdkafka logs every refused connection as an error
                "error_cb": self._on_error,
            }
        )
        self._closing = threading.Event()
        self._reports = threading.Thread(target=self._serve_reports, name="delivery-reports", daemon=True)
        self._reports.start()

    def send(self, publication: Publication) -> Future[UUID]:
        """Publish the record; return a future of the event id, done when all in-sync replicas have it.

        The future raises :class:`BrokerUnreachableError`, :class:`TopicMissingError`,
        :class:`EventTooLargeError` or :class:`PublishRefusedError`.
        """
        delivery: Future[UUID] = Future()
        message = publication.message

        def on_delivery(error: KafkaError | None, _: KafkaMessage) -> None:
            if error is None:
                delivery.set_result(publication.event_id)
            else:
                delivery.set_exception(self.explain(error, message.topic))

        try:
            self._producer.produce(
                message.topic,
                message.value,
                message.key,
                headers=list(message.headers),
                on_delivery=on_delivery,
            )
        except BufferError:
            queued = len(self._producer)
            delivery.set_exception(
                BrokerUnreachableError(
                    f"{queued:,} events are already queued for {self._bootstrap}: publish more slowly"
                )
            )
        except KafkaException as error:
            delivery.set_exception(self.explain(error.args[0], message.topic))
        return delivery

    def explain(self, error: KafkaError, topic: str) -> ProducerError:
        """Convert an error of the Kafka client to an SDK error that says what to do."""
        code = error.code()
        if code in _UNREACHABLE:
            return BrokerUnreachableError(
                f"no broker at {self._bootstrap} accepted the event within {self._timeout:g} s "
                f"({error.str()}): check the address and that Kafka is running, then repeat the call"
            )
        if code in _NO_TOPIC:
            return TopicMissingError(
                f"{self._bootstrap} has no topic {topic}: `fakeme up` or `fakeme setup` creates it"
            )
        if code == KafkaError.MSG_SIZE_TOO_LARGE:
            return EventTooLargeError(
                f"{topic} does not accept an event of this size ({error.str()}): shorten its texts"
            )
        return PublishRefusedError(f"{topic} rejected the event: {error.str()} ({error.name()})")

    def reachable(self, timeout: float) -> bool:
        """Whether a broker answers within ``timeout`` seconds."""
        try:
            self._producer.list_topics(timeout=timeout)
        except KafkaException:
            return False
        return True

    def close(self) -> None:
        """Wait for delivery of the sent events, at most for the delivery timeout, then stop."""
        self._producer.flush(self._timeout)
        self._closing.set()
        self._reports.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _on_error(self, error: KafkaError) -> None:
        self.broken = self.broken or error.fatal()

    def _serve_reports(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(_POLL_SECONDS)
