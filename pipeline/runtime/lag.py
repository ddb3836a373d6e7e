"""Updates the gauges for consumer lag and waiting events, for dashboards and alerts."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from confluent_kafka import TopicPartition

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Priority
from pipeline.runtime.partitions import Partition, Partitions

UPDATE_SECONDS = 5.0  # more often than Prometheus scrapes, and too rare to cost anything


class Watermarks(Protocol):
    """The part of a Kafka consumer that knows the end offsets of partitions."""

    def get_watermark_offsets(self, partition: TopicPartition, *, cached: bool) -> tuple[int, int] | None: ...


class LagGauges:
    """The gauges of one worker. When a partition is revoked, its lag is no longer reported."""

    def __init__(self, worker: str, priorities: Mapping[str, Priority]) -> None:
        """``priorities`` maps each topic that the worker reads to its priority."""
        self._worker = worker
        self._priorities = priorities
        self._reported: set[Partition] = set()
        self._next_update = 0.0

    def update(self, now: float, kafka: Watermarks, partitions: Partitions) -> None:
        """Update the gauges every ``UPDATE_SECONDS``; ``now`` is a monotonic time in seconds."""
        if now < self._next_update:
            return
        self._next_update = now + UPDATE_SECONDS
        self._report_waiting(partitions)
        assigned = set(partitions)
        self._remove(self._reported - assigned)
        self._reported = {
            partition for partition in assigned if self._report_lag(partition, kafka, partitions)
        }

    def _report_waiting(self, partitions: Partitions) -> None:
        for priority in set(self._priorities.values()):
            topics = [name for name, of_topic in self._priorities.items() if of_topic is priority]
            waiting = sum(partitions.unfinished(topic) for topic in topics)
            metrics.WAITING.labels(self._worker, priority.name.lower()).set(waiting)

    def _report_lag(self, partition: Partition, kafka: Watermarks, partitions: Partitions) -> bool:
        """Return whether the lag is known, which it is once a record was read."""
        tracker = partitions.tracker(partition)
        position = None if tracker is None else tracker.position()
        # The client remembers the end offset of its last fetch, so this sends no request.
        offsets = kafka.get_watermark_offsets(TopicPartition(*partition), cached=True)
        if position is None or offsets is None:
            return False
        metrics.LAG.labels(self._worker, *map(str, partition)).set(max(0, offsets[1] - position))
        return True

    def _remove(self, partitions: Iterable[Partition]) -> None:
        for topic, number in partitions:
            metrics.LAG.remove(self._worker, topic, str(number))
