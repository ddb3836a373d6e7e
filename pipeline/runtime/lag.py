"""How far behind a worker of the loop is, for dashboards and alerts: what it has not answered yet."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from confluent_kafka import TopicPartition

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Priority
from pipeline.runtime.partitions import Partition, Partitions

SURVEY_SECONDS = 5.0  # more often than Prometheus asks, and seldom enough to cost nothing


class Watermarks(Protocol):
    """The part of a Kafka consumer that knows where partitions end."""

    def get_watermark_offsets(self, partition: TopicPartition, *, cached: bool) -> tuple[int, int] | None: ...


class LagGauges:
    """Keeps the gauges of one worker; partitions that it gave away leave them."""

    def __init__(self, worker: str, priorities: Mapping[str, Priority]) -> None:
        self._worker = worker
        self._priorities = priorities  # of each topic that is read
        self._told: set[Partition] = set()
        self._survey_at = 0.0

    def survey(self, now: float, kafka: Watermarks, partitions: Partitions) -> None:
        """Bring the gauges up to date, if it is time to; ``now`` is in seconds of any steady clock."""
        if now < self._survey_at:
            return
        self._survey_at = now + SURVEY_SECONDS
        self._tell_waiting(partitions)
        held = set(partitions)
        self._forget(self._told - held)
        self._told = {partition for partition in held if self._tell_lag(partition, kafka, partitions)}

    def _tell_waiting(self, partitions: Partitions) -> None:
        for priority in set(self._priorities.values()):
            waiting = sum(
                partitions.open(topic) for topic, its in self._priorities.items() if its is priority
            )
            metrics.WAITING.labels(self._worker, priority.name.lower()).set(waiting)

    def _tell_lag(self, partition: Partition, kafka: Watermarks, partitions: Partitions) -> bool:
        tracker = partitions.tracker(partition)
        position = None if tracker is None else tracker.position()
        # The client keeps the end of the log from its last fetch: no request is made for this.
        offsets = kafka.get_watermark_offsets(TopicPartition(*partition), cached=True)
        if position is None or offsets is None:
            return False  # nothing was read yet
        metrics.LAG.labels(self._worker, *map(str, partition)).set(max(0, offsets[1] - position))
        return True

    def _forget(self, partitions: Iterable[Partition]) -> None:
        for topic, number in partitions:
            metrics.LAG.remove(self._worker, topic, str(number))
