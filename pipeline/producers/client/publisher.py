"""Publishes records and says when the broker has them; what they mean is left to ``events``."""

import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self
from uuid import UUID

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from pipeline.producers.client.errors import (
    BrokerUnreachableError,
    EventTooLargeError,
    ProducerError,
    PublishRefusedError,
    TopicMissingError,
)
from pipeline.producers.client.events import Publication

_POLL_SECONDS = 0.2  # longest wait for a delivery report; also how long closing may take
_UNREACHABLE = frozenset(
    {KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}
)
_NO_TOPIC = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})


class EventPublisher:
    """An idempotent producer (acks=all) whose delivery reports become futures. Safe from several threads."""

    def __init__(self, bootstrap: str, *, timeout: float) -> None:
        """``timeout``: seconds after which a record that no broker took counts as not published."""
        self._bootstrap = bootstrap
        self._timeout = timeout
        self.broken = False  # true after a fault that only a new producer gets over
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "delivery.timeout.ms": int(timeout * 1000),
                # As Java clients do: a post lies in the same partition whoever publishes it.
                "partitioner": "murmur2_random",
                "reconnect.backoff.max.ms": 2_000,
                "log_level": 2,  # syslog's critical; every refused connection is an error already
                "error_cb": self._on_error,
            }
        )
        self._closing = threading.Event()
        self._reports = threading.Thread(target=self._serve_reports, name="delivery-reports", daemon=True)
        self._reports.start()

    def send(self, publication: Publication) -> Future[UUID]:
        """Hand the record over; the future gives the event's id once all in-sync replicas have it.

        The future raises :class:`BrokerUnreachableError`, :class:`TopicMissingError`,
        :class:`EventTooLargeError` or :class:`PublishRefusedError`.
        """
        outcome: Future[UUID] = Future()
        message = publication.message

        def on_delivery(error: KafkaError | None, _: Delivered) -> None:
            if error is None:
                outcome.set_result(publication.event_id)
            else:
                outcome.set_exception(self.explain(error, message.topic))

        try:
            self._producer.produce(
                message.topic,
                message.value,
                message.key,
                headers=list(message.headers),
                on_delivery=on_delivery,
            )
        except BufferError:
            waiting = len(self._producer)
            outcome.set_exception(
                BrokerUnreachableError(
                    f"{waiting:,} events wait for {self._bootstrap} already: publish more slowly"
                )
            )
        except KafkaException as error:
            outcome.set_exception(self.explain(error.args[0], message.topic))
        return outcome

    def explain(self, error: KafkaError, topic: str) -> ProducerError:
        """The client's error as one of ours, which says what to do."""
        code = error.code()
        if code in _UNREACHABLE:
            return BrokerUnreachableError(
                f"no broker at {self._bootstrap} took the event within {self._timeout:g} s "
                f"({error.str()}): check the address and that Kafka runs, then repeat the call"
            )
        if code in _NO_TOPIC:
            return TopicMissingError(
                f"{self._bootstrap} has no topic {topic}: `fakeme up` declares it, or the operator"
            )
        if code == KafkaError.MSG_SIZE_TOO_LARGE:
            return EventTooLargeError(
                f"{topic} does not take an event of this size ({error.str()}): shorten its texts"
            )
        return PublishRefusedError(f"{topic} did not take the event: {error.str()} ({error.name()})")

    def reachable(self, timeout: float) -> bool:
        """Whether a broker answers within ``timeout`` seconds."""
        try:
            self._producer.list_topics(timeout=timeout)
        except KafkaException:
            return False
        return True

    def close(self) -> None:
        """Wait for what was sent, at most for the delivery timeout, and stop."""
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
