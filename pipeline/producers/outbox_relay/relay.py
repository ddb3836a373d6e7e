"""The relay publishes the outbox: what PostgreSQL committed comes onto its topics, in order, at least once.

1. Wait for a notice of PostgreSQL, or a second: a notice can be lost together with its connection.
2. Claim the outbox. Of several relays one publishes at a time; the others stand by and take over.
3. Publish the oldest messages and wait until the broker has all of them.
4. Mark them as published and commit. After a crash before that they are sent again, with the same event ids.

What is away (broker, database) is waited for, with growing delay.
"""

import contextlib
import queue
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage
from prometheus_client import Counter, Gauge
from sqlalchemy import Engine

from pipeline.errors import TransientError
from pipeline.runtime.kafka import make_producer
from pipeline.runtime.retries import delay_before, is_transient
from pipeline.settings import RetrySettings, Settings
from schemas.envelope import Message
from storage import cases, outbox
from storage.database import connect, transaction
from storage.notifications import Listener

BATCH = 500  # messages published in one transaction: a few MB at most, some 20 ms
POLL_SECONDS = 1.0  # how late a message is whose notice was lost, and how long a stop may take
DELIVERY_SECONDS = 10.0  # then the transaction is given up, so that it holds no locks through an outage
BROKER_SECONDS = 5.0  # for the broker's first answer
SURVEY_SECONDS = 5.0  # between looks at the backlog
PRUNE_SECONDS = 3600.0
KEEP_PUBLISHED = timedelta(days=7)  # as long as most topics keep what was published

PUBLISHED = Counter("fakeme_outbox_published_total", "Messages of the outbox published.", ["topic"])
DEPTH = Gauge("fakeme_outbox_messages", "Messages of the outbox that wait to be published.")
OLDEST = Gauge("fakeme_outbox_oldest_seconds", "Age of the oldest message that waits.")
CASES = Gauge("fakeme_cases", "Cases that wait for a moderator's decision.", ["state"])

log = structlog.get_logger(__name__)


class BrokerAwayError(TransientError):
    """The broker did not take all messages in time."""


def make_relay(settings: Settings) -> "Relay":
    """The relay of these settings; it connects when it runs."""
    url = settings.database_url.get_secret_value()
    producer = make_producer(settings.kafka_bootstrap, "fakeme-relay", int(DELIVERY_SECONDS * 1000))
    return Relay(url, connect(url, application="fakeme-relay"), producer, retry=settings.retry)


class Relay:
    """Runs until it is told to stop; several may run, of which one publishes at a time."""

    def __init__(
        self, database_url: str, engine: Engine, producer: Producer, *, retry: RetrySettings
    ) -> None:
        self._url = database_url
        self._engine = engine
        self._producer = producer
        self._retry = retry
        self._stopping = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # may be put to by a signal handler
        self._connected = False
        self._failures = 0
        self._ticked = time.monotonic()
        self._survey_at = self._prune_at = 0.0

    def stop(self) -> None:
        """Ask the relay to finish its batch and return; from any thread or signal handler."""
        self._stopping = True
        self._wake.put(None)

    @property
    def ready(self) -> bool:
        """Whether broker and database answered the last time they were asked."""
        return self._connected and not self._stopping

    @property
    def alive(self) -> bool:
        """Whether the relay still turns; a minute without a turn means that it hangs."""
        return time.monotonic() - self._ticked < self._retry.max_delay_seconds + 60

    def run(self) -> None:
        """Publish what comes into the outbox until :meth:`stop`."""
        while not self._stopping:
            try:
                self._serve()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._stand_back(error)
        self._connected = False
        self._engine.dispose()

    def _stand_back(self, error: Exception) -> None:
        self._connected = False
        self._failures += 1
        delay = delay_before(self._failures + 1, self._retry)
        log.warning("relay.waiting", error=str(error), delay=delay)
        with contextlib.suppress(queue.Empty):  # the usual case: nobody asks to stop
            self._wake.get(timeout=delay)

    def _serve(self) -> None:
        check_broker(self._producer)
        with Listener(self._url, outbox.CHANNEL) as listener:
            while not self._stopping:
                self._ticked = time.monotonic()
                self._publish_all()
                self._look_after()
                self._connected, self._failures = True, 0
                listener.wait(POLL_SECONDS)

    def _publish_all(self) -> None:
        while not self._stopping and publish_batch(self._engine, self._producer) == BATCH:
            self._ticked = time.monotonic()

    def _look_after(self) -> None:
        now = time.monotonic()
        if now >= self._survey_at:
            self._survey_at = now + SURVEY_SECONDS
            survey(self._engine)
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_SECONDS
            with transaction(self._engine) as session:
                log.info("outbox.pruned", rows=outbox.prune(session, older_than=KEEP_PUBLISHED))


def check_broker(producer: Producer) -> None:
    """Raises :class:`BrokerAwayError` unless a broker answers."""
    try:
        producer.list_topics(timeout=BROKER_SECONDS)
    except KafkaException as error:
        raise BrokerAwayError(f"no broker answers: {error.args[0].str()}") from error


def publish_batch(engine: Engine, producer: Producer) -> int:
    """Publish the oldest messages of the outbox; how many, 0 too while another relay is at it."""
    began = time.monotonic()
    with transaction(engine) as session:
        if not outbox.try_lock(session):
            return 0
        pending = outbox.unpublished(session, BATCH)
        deliver(producer, [row.message for row in pending])
        outbox.mark_published(session, [row.id for row in pending])
    for row in pending:
        PUBLISHED.labels(row.message.topic).inc()
    if pending:
        log.info("outbox.published", messages=len(pending), seconds=round(time.monotonic() - began, 4))
    return len(pending)


def deliver(producer: Producer, messages: Sequence[Message]) -> None:
    """Returns when the broker has all ``messages``; else raises :class:`BrokerAwayError`."""
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: KafkaMessage) -> None:
        if error is not None:
            refused.append(error)

    for message in messages:
        producer.produce(
            message.topic, message.value, message.key, headers=list(message.headers), on_delivery=delivered
        )
    left = producer.flush(DELIVERY_SECONDS + 1)
    if refused or left:
        why = refused[0].str() if refused else "no answer"
        raise BrokerAwayError(f"{len(refused) + left} of {len(messages)} messages not taken: {why}")


def survey(engine: Engine) -> None:
    """Bring the figures of what waits up to date: messages for the relay, cases for moderators."""
    with transaction(engine) as session:
        backlog = outbox.backlog(session)
        waiting = cases.waiting_counts(session)
    DEPTH.set(backlog.messages)
    OLDEST.set(backlog.oldest_seconds)
    for state, number in waiting.items():
        CASES.labels(state.value).set(number)
