"""Pauses the reading of a topic while too much of it is unfinished, also on partitions gained meanwhile."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from confluent_kafka import TopicPartition

from pipeline.runtime.partitions import Partitions


class Reader(Protocol):
    """The part of a Kafka consumer that assigns, pauses and resumes partitions."""

    def incremental_assign(self, partitions: list[TopicPartition], /) -> None: ...
    def pause(self, partitions: list[TopicPartition], /) -> None: ...
    def resume(self, partitions: list[TopicPartition], /) -> None: ...


class BackPressure:
    """Pauses each topic at a number of posts or bytes that are unfinished; resumes at half of both.

    Posts are counted, not events: a post with thousands of reports must not hold back the reports of others
    that are behind them. The bytes bound the memory.
    """

    def __init__(
        self, kafka: Reader, partitions: Partitions, topics: Iterable[str], *, posts: int, size: int
    ) -> None:
        """``posts`` and ``size`` (in bytes) are the limits of each topic."""
        self._kafka = kafka
        self._partitions = partitions
        self._topics = tuple(topics)
        self._posts = posts
        self._size = size
        self._paused: set[str] = set()

    def apply(self) -> None:
        """Pause and resume topics as their load requires."""
        for topic in self._topics:
            load = self._partitions.load(topic)
            if topic not in self._paused and (load.posts >= self._posts or load.size >= self._size):
                self._paused.add(topic)
                self._kafka.pause(self._partitions.of_topic(topic))
            elif topic in self._paused and load.posts <= self._posts // 2 and load.size <= self._size // 2:
                self._paused.discard(topic)
                self._kafka.resume(self._partitions.of_topic(topic))

    def assign(self, assigned: Sequence[TopicPartition]) -> None:
        """Assign partitions in a rebalance, in the state of their topics.

        The Kafka client starts every new partition as running, and may remember a pause from before it was
        revoked.
        """
        self._kafka.incremental_assign(list(assigned))
        self._kafka.pause([part for part in assigned if part.topic in self._paused])
        self._kafka.resume([part for part in assigned if part.topic not in self._paused])
