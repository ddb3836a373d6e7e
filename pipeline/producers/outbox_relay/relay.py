"""Publishes the messages of the outbox to their topics, in order and at least once.

1. Wait for a notification from PostgreSQL, at most a second: it can be lost with its connection.
2. Claim the outbox. Only one relay publishes at a time; the others are on standby and take over.
3. Publish the oldest messages and wait until the broker has stored all of them.
4. Mark them as published and commit. After an earlier crash they are sent again with the same event ids.

If the broker or the database is unavailable, the relay retries with increasing delays. A second thread prunes
old rows (:mod:`~pipeline.producers.outbox_relay.pruning`).
"""

import contextlib
import queue
import time
from collections.abc import Sequence

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage
from prometheus_client import Counter, Gauge
from sqlalchemy import Engine

from pipeline.errors import TransientError
from pipeline.producers.outbox_relay.pruning import Pruning, retentions
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.kafka import make_producer
from pipeline.runtime.retries import delay_before
from pipeline.settings import RetrySettings, Settings
from schemas.envelope import Message
from storage import cases, outbox
from storage.database import connect, transaction
from storage.notifications import Listener

BATCH = 500  # messages published in one transaction: a few MB at most, some 20 ms
POLL_SECONDS = 1.0  # delay of a message after a lost notification, and upper bound on the delay of a stop
DELIVERY_SECONDS = 10.0  # then the transaction is rolled back, so that it holds no locks during an outage
LOCK_LOST_MS = (
    20_000  # an idle relay loses its lock: above DELIVERY_SECONDS, and a standby takes over in 30 s
)
BROKER_SECONDS = 5.0  # for the broker's first answer
METRICS_SECONDS = 5.0  # between updates of the backlog metrics

PUBLISHED = Counter("fakeme_outbox_published_total", "Messages of the outbox that were published.", ["topic"])
DEPTH = Gauge("fakeme_outbox_messages", "Messages of the outbox that wait to be published.")
OLDEST = Gauge("fakeme_outbox_oldest_seconds", "Age of the oldest waiting message.")
CASES = Gauge("fakeme_cases", "Cases that wait for a moderator's decision.", ["state"])

log = structlog.get_logger(__name__)


class BrokerUnavailableError(TransientError):
    """The broker did not store all messages in time."""


def make_relay(settings: Settings) -> "Relay":
    """Return the relay for ``settings``; it connects when it runs."""
    url = settings.database_url.get_secret_value()
    producer = make_producer(settings.brokers, "fakeme-relay", int(DELIVERY_SECONDS * 1000))
    engine = connect(url, application="fakeme-relay", idle_timeout_ms=LOCK_LOST_MS)
    pruning = Pruning(engine, retentions(settings.retention))
    return Relay(url, engine, producer, pruning, retry=settings.retry)


class Relay:
    """Publishes until it is stopped; of several running relays, one publishes at a time."""

    def __init__(
        self,
        database_url: str,
        engine: Engine,
        producer: Producer,
        pruning: Pruning,
        *,
        retry: RetrySettings,
    ) -> None:
        self._url = database_url
        self._engine = engine
        self._producer = producer
        self._pruning = pruning
        self._retry = retry
        self._stopping = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # a signal handler may put to it
        self._connected = False
        self._failures = 0
        self._last_iteration = time.monotonic()
        self._metrics_at = 0.0

    def stop(self) -> None:
        """Finish the current batch and return from :meth:`run`; safe in threads and signal handlers."""
        self._stopping = True
        self._wake.put(None)

    @property
    def ready(self) -> bool:
        """Whether the broker and the database answered the last request."""
        return self._connected and not self._stopping

    @property
    def alive(self) -> bool:
        """Whether the loop makes progress and pruning runs; a minute without an iteration is a hang."""
        turning = time.monotonic() - self._last_iteration < self._retry.max_delay_seconds + 60
        return turning and not self._pruning.failed

    def run(self) -> None:
        """Publish the messages of the outbox until :meth:`stop`."""
        self._pruning.start()
        try:
            self._publish_and_retry()
        finally:
            self._connected = False
            self._pruning.stop()
            self._engine.dispose()

    def _publish_and_retry(self) -> None:
        while not self._stopping:
            try:
                self._publish_until_stopped()
            except Exception as error:
                if fault_of(error) is not Fault.OUTAGE:
                    raise
                self._wait_before_retry(error)

    def _wait_before_retry(self, error: Exception) -> None:
        self._connected = False
        self._failures += 1
        delay = delay_before(self._failures + 1, self._retry)
        log.warning("relay.waiting", error=str(error), delay=delay)
        with contextlib.suppress(queue.Empty):  # raised unless a stop is requested during the delay
            self._wake.get(timeout=delay)

    def _publish_until_stopped(self) -> None:
        check_broker(self._producer)
        with Listener(self._url, outbox.CHANNEL) as listener:
            while not self._stopping:
                self._last_iteration = time.monotonic()
                self._publish_all()
                self._update_metrics()
                self._connected, self._failures = True, 0
                listener.wait(POLL_SECONDS)

    def _publish_all(self) -> None:
        while not self._stopping and publish_batch(self._engine, self._producer) == BATCH:
            self._last_iteration = time.monotonic()

    def _update_metrics(self) -> None:
        now = time.monotonic()
        if now >= self._metrics_at:
            self._metrics_at = now + METRICS_SECONDS
            update_metrics(self._engine)


def check_broker(producer: Producer) -> None:
    """Raise :class:`BrokerUnavailableError` if no broker answers."""
    try:
        producer.list_topics(timeout=BROKER_SECONDS)
    except KafkaException as error:
        raise BrokerUnavailableError(f"no broker answers: {error.args[0].str()}") from error


def publish_batch(engine: Engine, producer: Producer) -> int:
    """Publish the oldest messages of the outbox; return their number, 0 if another relay is publishing."""
    started = time.monotonic()
    with transaction(engine) as session:
        if not outbox.try_lock(session):
            return 0
        pending = outbox.unpublished(session, BATCH)
        deliver(producer, [row.message for row in pending])
        outbox.mark_published(session, [row.id for row in pending])
    for row in pending:
        PUBLISHED.labels(row.message.topic).inc()
    if pending:
        log.info("outbox.published", messages=len(pending), seconds=round(time.monotonic() - started, 4))
    return len(pending)


def deliver(producer: Producer, messages: Sequence[Message]) -> None:
    """Publish ``messages`` and wait for all; raises :class:`BrokerUnavailableError` if any is not stored."""
    errors: list[KafkaError] = []

    def on_delivery(error: KafkaError | None, _: KafkaMessage) -> None:
        if error is not None:
            errors.append(error)

    for message in messages:
        producer.produce(
            message.topic, message.value, message.key, headers=list(message.headers), on_delivery=on_delivery
        )
    unanswered = producer.flush(DELIVERY_SECONDS + 1)
    if errors or unanswered:
        reason = errors[0].str() if errors else "no answer"
        raise BrokerUnavailableError(
            f"{len(errors) + unanswered} of {len(messages)} messages were not stored: {reason}"
        )


def update_metrics(engine: Engine) -> None:
    """Update the metrics of messages that wait for the relay and cases that wait for moderators."""
    with transaction(engine) as session:
        backlog = outbox.backlog(session)
        waiting = cases.waiting_counts(session)
    DEPTH.set(backlog.messages)
    OLDEST.set(backlog.oldest_seconds)
    for state, count in waiting.items():
        CASES.labels(state.value).set(count)
