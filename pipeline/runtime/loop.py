"""The loop of every confluent-kafka consumer: read, work, publish, commit.

1. Read records; each is followed by the tracker of its partition.
2. Hand those that are due to the stages, by priority and one at a time for each key.
3. Publish outcomes: answers, retries or dead letters.
4. When the broker has acknowledged what an event led to, the event has ended.
5. Commit each partition up to the first record that has not ended.

Only this thread talks to Kafka. Reading of a topic pauses while too many of its records wait.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition

from pipeline.errors import PipelineError
from pipeline.runtime.consumer import Consumer, Priority
from pipeline.runtime.kafka import RecordPublisher, commit_now, record_of
from pipeline.runtime.lag import LagGauges
from pipeline.runtime.outcomes import OutcomePublisher
from pipeline.runtime.partitions import Partition, Partitions
from pipeline.runtime.retries import attempt_of, due_of, since_of
from pipeline.runtime.schedule import Schedule
from pipeline.runtime.stages import Job, Stages
from pipeline.settings import RetrySettings
from schemas.topics import Topic

log = structlog.get_logger(__name__)

P = TypeVar("P")


class LoopError(PipelineError):
    """The loop cannot go on; the process should end and be started again."""


@dataclass(frozen=True)
class LoopSettings:
    """How much work is under way at once, and how long things may take. Times in seconds."""

    threads: int = 4
    batch_size: int = 8
    batch_cost: int = 32  # in the consumer's own units; for detection frames, and a video has as many
    held_bytes: int = 500_000_000  # memory of what waits for the compute thread; then nothing more is begun
    batch_wait: float = 0.02
    open_per_topic: int = 256  # records read and not ended, before reading of their topic pauses
    commit_every: float = 0.2  # what a kill -9 makes us do again
    stop_within: float = 25.0  # an orchestrator kills after 30
    revoke_within: float = 10.0  # a rebalance waits for us; less than the session timeout

    @property
    def in_flight(self) -> int:
        """Jobs in the stages: enough that a batch is ready when the one before ends."""
        return self.threads + 2 * self.batch_size


class Loop(Generic[P]):
    """Runs one :class:`pipeline.runtime.consumer.Consumer` until it is told to stop."""

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
        self._settings = settings
        self._stages = Stages(
            consumer,
            threads=settings.threads,
            batch_size=settings.batch_size,
            batch_cost=settings.batch_cost,
            batch_wait=settings.batch_wait,
        )
        self._sources = {name: source for source in consumer.subscriptions for name in _names(source.topic)}
        self._schedule: Schedule[Job] = Schedule(len(Priority))
        self._partitions = Partitions()
        self._lag = LagGauges(
            consumer.name, {name: source.priority for name, source in self._sources.items()}
        )
        self._paused: set[str] = set()
        self._in_flight = 0
        self._commit_at = 0.0
        self._stopping = False
        self._assigned = False
        self._ticked = time.monotonic()

    # -- what others may ask, from any thread ------------------------------------------------------

    def stop(self) -> None:
        """Ask the loop to finish what is under way and return."""
        self._stopping = True

    @property
    def ready(self) -> bool:
        """Whether the group has given this member its partitions."""
        return self._assigned and not self._stopping and self._stages.alive

    @property
    def alive(self) -> bool:
        """Whether the loop still turns; a minute without a turn means that it hangs."""
        return time.monotonic() - self._ticked < 60 and self._stages.alive

    @property
    def waiting(self) -> int:
        """Records that were read and have not ended."""
        return self._partitions.open()

    # -- the loop ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until :meth:`stop`; raises :class:`LoopError` when a restart is needed."""
        self._kafka.subscribe(
            list(self._sources), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        try:
            while not self._stopping:
                self._turn()
            self._drain(self._settings.stop_within, list(self._partitions))
        finally:
            self._stages.close()
            self._kafka.close()

    def _turn(self) -> None:
        self._ticked = time.monotonic()
        if not self._stages.alive:
            raise LoopError("the compute thread has ended; its last error is above")
        self._read()
        self._dispatch()
        self._settle()
        self._balance()
        self._commit()
        self._lag.survey(time.monotonic(), self._kafka, self._partitions)

    def _read(self) -> None:
        busy = self._in_flight > 0 or self._partitions.open() > 0
        # Idle, a record wakes us at once; busy, results must not wait for one.
        for read in self._kafka.consume(self._settings.open_per_topic, 0.005 if busy else 0.1):
            error = read.error()
            if error is None:
                self._accept(read)
            elif error.fatal():
                raise LoopError(f"the Kafka client gave up: {error.str()}")
            else:
                log.warning("kafka", error=error.str(), retriable=error.retriable())

    def _accept(self, read: KafkaMessage) -> None:
        job = self._job(read)
        if job is None:  # read before the partition was taken away; its new owner reads it again
            return
        job.tracker.add(job.offset)
        due = due_of(job.record.headers) if job.record.topic == job.topic.retry else 0.0
        self._schedule.add(job, priority=job.priority, key=job.key, due=due)

    def _job(self, read: KafkaMessage) -> Job | None:
        topic, partition, offset = read.topic(), read.partition(), read.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None  # the client gives all three with every record that is no error
        tracker = self._partitions.tracker((topic, partition))
        if tracker is None:
            return None
        source = self._sources[topic]
        record = record_of(read)
        retried = topic == source.topic.retry
        return Job(
            topic=source.topic,
            record=record,
            partition=partition,
            offset=offset,
            since_ms=since_of(record.headers, read.timestamp()[1]) if retried else read.timestamp()[1],
            attempt=attempt_of(record.headers) if retried else 1,
            priority=source.priority,
            tracker=tracker,
        )

    def _dispatch(self) -> None:
        while self._may_begin():
            job = self._schedule.take(time.time())
            if job is None:
                return
            self._in_flight += 1
            self._stages.submit(job)

    def _may_begin(self) -> bool:
        limits = self._settings
        return self._in_flight < limits.in_flight and self._stages.held_bytes < limits.held_bytes

    def _settle(self) -> None:
        for job, outcome in self._stages.finished():
            self._in_flight -= 1
            self._schedule.release(priority=job.priority, key=job.key)
            if self._partitions.holds(job.tracker):  # else given up: the new owner answers
                self._outcomes.publish(job, outcome)
        self._publisher.serve()

    def _balance(self) -> None:
        for topic in self._sources:
            waiting = self._partitions.open(topic)
            if topic not in self._paused and waiting >= self._settings.open_per_topic:
                self._kafka.pause(self._partitions.of_topic(topic))
                self._paused.add(topic)
            elif topic in self._paused and waiting <= self._settings.open_per_topic // 2:
                self._kafka.resume(self._partitions.of_topic(topic))
                self._paused.discard(topic)

    def _commit(self) -> None:
        now = time.monotonic()
        if now < self._commit_at:
            return
        self._commit_at = now + self._settings.commit_every
        moved = self._partitions.commits()
        if moved:
            self._kafka.commit(offsets=moved, asynchronous=True)

    # -- rebalance and stop ------------------------------------------------------------------------

    def _on_assign(self, _: KafkaConsumer, given: list[TopicPartition]) -> None:
        self._partitions.assign((part.topic, part.partition) for part in given)
        self._assigned = True
        log.info("partitions.assigned", partitions=[f"{part.topic}:{part.partition}" for part in given])

    def _on_revoke(self, _: KafkaConsumer, taken: list[TopicPartition]) -> None:
        leaving = [(part.topic, part.partition) for part in taken]
        self._drain(self._settings.revoke_within, leaving)
        self._partitions.drop(leaving)
        log.info("partitions.revoked", partitions=[f"{topic}:{number}" for topic, number in leaving])

    def _on_lost(self, _: KafkaConsumer, gone: list[TopicPartition]) -> None:
        lost = [(part.topic, part.partition) for part in gone]
        self._forget_waiting(lost)
        self._partitions.drop(lost)
        log.warning("partitions.lost", partitions=[f"{topic}:{number}" for topic, number in lost])

    def _drain(self, seconds: float, leaving: Sequence[Partition]) -> None:
        """Finish what is under way in these partitions, give up the rest after ``seconds``, and commit."""
        self._forget_waiting(leaving)
        deadline = time.monotonic() + seconds
        while self._under_way(leaving) and time.monotonic() < deadline:
            self._ticked = time.monotonic()
            self._settle()
            self._publisher.flush(0.02)
        commit_now(self._kafka, self._partitions.commits(leaving))

    def _forget_waiting(self, leaving: Sequence[Partition]) -> None:
        """Records that nobody has begun stay uncommitted; whoever gets the partition reads them again."""
        trackers = [self._partitions.tracker(partition) for partition in leaving]
        forgotten = self._schedule.drop(lambda job: any(job.tracker is tracker for tracker in trackers))
        for job in forgotten:
            job.tracker.abandon(job.offset)

    def _under_way(self, leaving: Sequence[Partition]) -> bool:
        trackers = [self._partitions.tracker(partition) for partition in leaving]
        return any(tracker.pending for tracker in trackers if tracker is not None)


def _names(topic: Topic) -> tuple[str, str]:
    return topic.name, topic.retry
