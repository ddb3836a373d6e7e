"""The partitions that this process holds, and how far each may be committed."""

from collections.abc import Iterable, Iterator

from confluent_kafka import TopicPartition

from pipeline.runtime.offsets import OffsetTracker

Partition = tuple[str, int]


class Partitions:
    """Trackers of the partitions held. A tracker that left is dead: what refers to it is given up."""

    def __init__(self) -> None:
        self._trackers: dict[Partition, OffsetTracker] = {}

    def __iter__(self) -> Iterator[Partition]:
        return iter(self._trackers)

    def assign(self, partitions: Iterable[Partition]) -> None:
        """Begin to follow partitions that were given to us."""
        for partition in partitions:
            self._trackers[partition] = OffsetTracker()

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Forget partitions that were taken away."""
        for partition in partitions:
            self._trackers.pop(partition, None)

    def tracker(self, partition: Partition) -> OffsetTracker | None:
        """The tracker of a partition; None if it is not held."""
        return self._trackers.get(partition)

    def holds(self, tracker: OffsetTracker) -> bool:
        """Whether the partition of this very tracker is still ours."""
        return any(tracker is held for held in self._trackers.values())

    def open(self, topic: str | None = None) -> int:
        """Records read and not ended, of one topic or of all."""
        return sum(
            tracker.open for (name, _), tracker in self._trackers.items() if topic is None or name == topic
        )

    def of_topic(self, topic: str) -> list[TopicPartition]:
        """The partitions held of a topic, for pause and resume."""
        return [TopicPartition(name, number) for name, number in self._trackers if name == topic]

    def commits(self, only: Iterable[Partition] | None = None) -> list[TopicPartition]:
        """Positions that moved since they were last asked for."""
        wanted = self._trackers if only is None else {p: t for p in only if (t := self._trackers.get(p))}
        moved = []
        for (topic, number), tracker in wanted.items():
            position = tracker.take_commit()
            if position is not None:
                moved.append(TopicPartition(topic, number, position))
        return moved
