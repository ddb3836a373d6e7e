"""The main loop of every consumer that uses confluent-kafka.

1. Read records and add each to the offset tracker of its partition.
2. Submit due records to the stages, by priority; those of one post that wait together as one group.
3. Publish the outcomes: answers, retries or dead letters.
4. Complete a record when the broker has acknowledged all messages of its outcome.
5. Commit each partition up to its first unfinished record.

Only the thread of the loop uses the Kafka clients.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition

from pipeline.errors import PipelineError
from pipeline.runtime.back_pressure import BackPressure
from pipeline.runtime.consumer import Consumer, Priority, Subscription
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.kafka import RecordPublisher, commit_sync, record_of
from pipeline.runtime.lag import LagGauges
from pipeline.runtime.outcomes import OutcomePublisher
from pipeline.runtime.partitions import Partition, Partitions
from pipeline.runtime.pause import OutagePause
from pipeline.runtime.retries import Tries
from pipeline.runtime.retry_records import JITTER, due_of, since_of, tries_of
from pipeline.runtime.schedule import Schedule
from pipeline.runtime.stages import Job, Outcome, Stages
from pipeline.settings import ConsumptionSettings, RetrySettings
from schemas.topics import Topic

log = structlog.get_logger(__name__)

ALIVE_SECONDS = 60.0  # if one iteration takes longer, the loop is considered hung
READ_RECORDS = 256  # at a time; what a topic may exceed its limits by

P = TypeVar("P")


class LoopError(PipelineError):
    """The loop cannot continue; the process must be restarted."""


@dataclass(frozen=True)
class LoopSettings:
    """Limits on concurrent work, and timeouts. Times are in seconds."""

    threads: int = 4
    batch_size: int = 8
    batch_wait: float = 0.02
    max_unfinished_posts: int = 256  # of a topic, which is then paused; a post counts once
    max_unfinished_bytes: int = 16_000_000  # likewise; some 8,000 reports of one post
    commit_interval: float = 0.2  # a kill -9 repeats the work since the last commit
    stop_timeout: float = 25.0  # orchestrators usually kill a process after 30 s
    revoke_timeout: float = 10.0  # a rebalance waits this long, and no longer than the session timeout
    consumption: ConsumptionSettings = field(default_factory=ConsumptionSettings)

    @property
    def max_in_flight(self) -> int:
        """The maximum number of jobs in the stages: enough to have the next batch ready in time."""
        return self.threads + 2 * self.batch_size


class Loop(Generic[P]):
    """Runs one :class:`pipeline.runtime.consumer.Consumer` until it is stopped."""

    def __init__(
        self,
        consumer: Consumer[P],
        kafka: KafkaConsumer,
        publisher: RecordPublisher,
        *,
        settings: LoopSettings,
        retry: RetrySettings,
    ) -> None:
        self._consumer = consumer
        self._kafka = kafka
        self._publisher = publisher
        self._outcomes = OutcomePublisher(consumer.name, publisher, retry)
        self._pause = OutagePause(consumer.name, settings.consumption, retry)
        self._max_delay = retry.max_delay_seconds * (1 + JITTER)
        self._settings = settings
        self._stages = Stages(
            consumer,
            threads=settings.threads,
            batch_size=settings.batch_size,
            batch_wait=settings.batch_wait,
            prepare_seconds=settings.consumption.prepare_limit_seconds,
            handle_seconds=settings.consumption.handle_limit_seconds,
        )
        self._subscriptions = {
            name: subscription
            for subscription in consumer.subscriptions
            for name in (subscription.topic.name, *_retry_names(subscription.topic, consumer.name))
        }
        self._schedule: Schedule[Job] = Schedule(
            len(Priority), low_priority_every=settings.consumption.low_priority_every
        )
        self._partitions = Partitions()
        self._back_pressure = BackPressure(
            kafka,
            self._partitions,
            self._subscriptions,
            posts=settings.max_unfinished_posts,
            size=settings.max_unfinished_bytes,
        )
        self._lag = LagGauges(
            consumer.name,
            {name: subscription.priority for name, subscription in self._subscriptions.items()},
        )
        self._in_flight = 0
        self._next_commit = 0.0
        self._stopping = False
        self._assigned = False
        self._lost = False  # the process cannot recover: publish nothing more
        self._last_iteration = time.monotonic()

    # -- called from any thread --------------------------------------------------------------------

    def stop(self) -> None:
        """Ask the loop to finish the work in progress and return."""
        self._stopping = True

    @property
    def ready(self) -> bool:
        """Whether partitions are assigned and records are handled."""
        return self._assigned and not self._stopping and not self._pause.active and self._stages.running

    @property
    def alive(self) -> bool:
        """Whether the loop iterates, and neither its threads nor the consumer's have ended or hang."""
        iterates = time.monotonic() - self._last_iteration < ALIVE_SECONDS
        return iterates and self._stages.running and not self._stages.overdue and self._consumer.alive

    @property
    def unfinished(self) -> int:
        """The number of records that were read and are not finished."""
        return self._partitions.unfinished()

    # -- the loop ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Run until :meth:`stop`; raise :class:`LoopError` if the process must be restarted."""
        self._kafka.subscribe(
            [_subscribed(name, subscription) for name, subscription in self._subscriptions.items()],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )
        try:
            while not self._stopping:
                self._poll_once()
            self._drain(self._settings.stop_timeout, list(self._partitions))
        finally:
            self._stages.close()
            self._kafka.close()

    def _poll_once(self) -> None:
        self._last_iteration = time.monotonic()
        if not self._stages.running:
            raise LoopError("a working thread has ended; see its last error in the log above")
        self._read()
        self._dispatch()
        self._publish_outcomes()
        self._back_pressure.apply()
        self._commit()
        self._lag.update(time.monotonic(), self._kafka, self._partitions)

    def _read(self) -> None:
        busy = self._in_flight > 0 or self._partitions.unfinished() > 0
        # A new record ends the wait at once. While work is in progress, outcomes must not wait for a record.
        timeout = 0.005 if busy else 0.1
        for message in self._kafka.consume(READ_RECORDS, timeout):
            error = message.error()
            if error is None:
                self._enqueue(message)
            elif (message.topic() or "").startswith("^"):
                log.debug("kafka", error=error.str())  # a pattern that matches no topic is no error
            elif error.fatal():
                raise LoopError(f"the Kafka client stopped with a fatal error: {error.str()}")
            else:
                log.warning("kafka", error=error.str(), retriable=error.retriable())

    def _enqueue(self, message: KafkaMessage) -> None:
        job = self._make_job(message)
        if job is None:  # the partition was revoked after the read; its new owner reads the record again
            return
        job.tracker.add(job.offset, job.key, job.size)
        due = due_of(job.record.headers, latest=time.time() + self._max_delay) if job.is_retry else 0.0
        self._schedule.add(job, priority=job.priority, key=job.key, due=due)

    def _make_job(self, message: KafkaMessage) -> Job | None:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None  # the client sets all three on every message without an error
        tracker = self._partitions.tracker((topic, partition))
        if tracker is None:
            return None
        subscription = self._subscriptions[topic]
        record = record_of(message)
        timestamp_ms = message.timestamp()[1]
        is_retry = topic != subscription.topic.name
        return Job(
            topic=subscription.topic,
            record=record,
            partition=partition,
            offset=offset,
            since_ms=since_of(record.headers, timestamp_ms) if is_retry else timestamp_ms,
            tries=tries_of(record.headers) if is_retry else Tries(),
            priority=subscription.priority,
            tracker=tracker,
        )

    def _dispatch(self) -> None:
        while (free := self._free()) > 0 and self._pause.admits(time.monotonic()):
            jobs = self._schedule.take(time.time(), free)
            if not jobs:
                return
            self._in_flight += len(jobs)
            self._pause.start(jobs[0].identity)
            self._stages.submit(jobs)

    def _free(self) -> int:
        """Return how many events of one post may start now."""
        largest_group = 1 if self._pause.active else self._settings.batch_size
        return min(largest_group, self._settings.max_in_flight - self._in_flight)

    def _publish_outcomes(self) -> None:
        for job, outcome in self._stages.finished():
            self._in_flight -= 1
            self._schedule.release(priority=job.priority, key=job.key)
            self._check_process(outcome)
            self._pause.record(time.monotonic(), job.identity, outcome)
            if self._partitions.holds(job.tracker):  # if revoked, the new owner answers
                self._outcomes.publish(job, outcome, paused=self._pause.active)
        self._publisher.poll()

    def _check_process(self, outcome: Outcome) -> None:
        """Raise if the process cannot recover. The event stays uncommitted, and another process reads it."""
        if isinstance(outcome, Exception) and fault_of(outcome) is Fault.PROCESS:
            self._lost = True
            raise LoopError(f"this process cannot recover and must be restarted: {outcome}") from outcome

    def _commit(self) -> None:
        now = time.monotonic()
        if now < self._next_commit:
            return
        self._next_commit = now + self._settings.commit_interval
        positions = self._partitions.take_commits()
        if positions:
            self._kafka.commit(offsets=positions, asynchronous=True)

    # -- rebalance and stop ------------------------------------------------------------------------

    def _on_assign(self, _: KafkaConsumer, assigned: list[TopicPartition]) -> None:
        self._partitions.assign((part.topic, part.partition) for part in assigned)
        self._back_pressure.assign(assigned)
        self._assigned = True
        log.info("partitions.assigned", partitions=[f"{part.topic}:{part.partition}" for part in assigned])

    def _on_revoke(self, _: KafkaConsumer, revoked: list[TopicPartition]) -> None:
        partitions = [(part.topic, part.partition) for part in revoked]
        self._drain(self._settings.revoke_timeout, partitions)
        self._partitions.drop(partitions)
        log.info("partitions.revoked", partitions=[f"{topic}:{number}" for topic, number in partitions])

    def _on_lost(self, _: KafkaConsumer, lost: list[TopicPartition]) -> None:
        partitions = [(part.topic, part.partition) for part in lost]
        self._abandon_waiting(partitions)
        self._partitions.drop(partitions)
        log.warning("partitions.lost", partitions=[f"{topic}:{number}" for topic, number in partitions])

    def _drain(self, seconds: float, partitions: Sequence[Partition]) -> None:
        """Finish the work in progress on ``partitions``, for ``seconds`` at most, and commit."""
        self._abandon_waiting(partitions)
        deadline = time.monotonic() + seconds
        while not self._lost and self._has_pending(partitions) and time.monotonic() < deadline:
            self._last_iteration = time.monotonic()
            self._publish_outcomes()
            self._publisher.flush(0.02)
        commit_sync(self._kafka, self._partitions.take_commits(partitions))

    def _abandon_waiting(self, partitions: Sequence[Partition]) -> None:
        """Abandon records that were not started. They stay uncommitted; the next owner reads them again."""
        trackers = [self._partitions.tracker(partition) for partition in partitions]
        for job in self._schedule.drop(lambda job: any(job.tracker is tracker for tracker in trackers)):
            job.tracker.abandon(job.offset)

    def _has_pending(self, partitions: Sequence[Partition]) -> bool:
        trackers = [self._partitions.tracker(partition) for partition in partitions]
        return any(tracker.pending for tracker in trackers if tracker is not None)


def _retry_names(topic: Topic, worker: str) -> tuple[str, str]:
    return topic.retry(worker), topic.shared_retry


def _subscribed(name: str, subscription: Subscription) -> str:
    # A pattern also matches no topic: new installations do not have the shared retry topics.
    return f"^{re.escape(name)}$" if name == subscription.topic.shared_retry else name
