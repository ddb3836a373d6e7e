"""The partitions assigned to this process, each with an offset tracker."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from confluent_kafka import TopicPartition

from pipeline.runtime.offsets import OffsetTracker

Partition = tuple[str, int]


@dataclass(frozen=True)
class Load:
    """What is unfinished of a topic: the number of different posts, and the bytes of all records."""

    posts: int
    size: int


class Partitions:
    """Maps each assigned partition to its tracker.

    A partition that is revoked and assigned again gets a new tracker. Discard the
    outcome of a job with an old tracker, because its record is read again.
    """

    def __init__(self) -> None:
        self._trackers: dict[Partition, OffsetTracker] = {}

    def __iter__(self) -> Iterator[Partition]:
        return iter(self._trackers)

    def assign(self, partitions: Iterable[Partition]) -> None:
        """Track newly assigned partitions."""
        for partition in partitions:
            self._trackers[partition] = OffsetTracker()

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Stop tracking revoked partitions."""
        for partition in partitions:
            self._trackers.pop(partition, None)

    def tracker(self, partition: Partition) -> OffsetTracker | None:
        """Return the tracker of a partition; None if the partition is not assigned."""
        return self._trackers.get(partition)

    def holds(self, tracker: OffsetTracker) -> bool:
        """Return whether this very tracker object still belongs to an assigned partition."""
        return any(tracker is current for current in self._trackers.values())

    def unfinished(self, topic: str | None = None) -> int:
        """Return the number of records that were read and are not finished, for one topic or for all."""
        return sum(
            tracker.unfinished
            for (name, _), tracker in self._trackers.items()
            if topic is None or name == topic
        )

    def load(self, topic: str) -> "Load":
        """Return how much of a topic is unfinished."""
        trackers = [tracker for (name, _), tracker in self._trackers.items() if name == topic]
        return Load(sum(tracker.posts for tracker in trackers), sum(tracker.size for tracker in trackers))

    def of_topic(self, topic: str) -> list[TopicPartition]:
        """Return the assigned partitions of a topic, for pause and resume."""
        return [TopicPartition(name, number) for name, number in self._trackers if name == topic]

    def take_commits(self, only: Iterable[Partition] | None = None) -> list[TopicPartition]:
        """Return the positions that moved since the last call, of the partitions in ``only`` or of all."""
        selected = (
            self._trackers if only is None else {p: tracker for p in only if (tracker := self.tracker(p))}
        )
        moved = []
        for (topic, number), tracker in selected.items():
            position = tracker.take_commit()
            if position is not None:
                moved.append(TopicPartition(topic, number, position))
        return moved
