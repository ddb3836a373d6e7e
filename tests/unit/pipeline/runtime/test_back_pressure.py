"""Topics are paused by posts and bytes, and partitions that a rebalance adds are paused with their topic."""

from confluent_kafka import TopicPartition

from pipeline.runtime.back_pressure import BackPressure
from pipeline.runtime.partitions import Partitions

TOPIC = "posts.reported"


class FakeReader:
    """Knows the assigned partitions and those that are paused."""

    def __init__(self) -> None:
        self.assigned: set[int] = set()
        self.paused: set[int] = set()

    def incremental_assign(self, partitions: list[TopicPartition], /) -> None:
        self.assigned |= {part.partition for part in partitions}

    def pause(self, partitions: list[TopicPartition], /) -> None:
        paused = {part.partition for part in partitions}
        assert paused <= self.assigned
        self.paused |= paused

    def resume(self, partitions: list[TopicPartition], /) -> None:
        self.paused -= {part.partition for part in partitions}


class Worker:
    """Back-pressure at 4 posts and 1,000 bytes."""

    def __init__(self) -> None:
        self.reader = FakeReader()
        self.partitions = Partitions()
        self.back_pressure = BackPressure(self.reader, self.partitions, [TOPIC], posts=4, size=1_000)
        self.next_offset = 0

    def assign(self, *numbers: int) -> None:
        self.partitions.assign((TOPIC, number) for number in numbers)
        self.back_pressure.assign([TopicPartition(TOPIC, number) for number in numbers])

    def read(self, partition: int, *keys: str, size: int = 10) -> None:
        tracker = self.partitions.tracker((TOPIC, partition))
        assert tracker is not None
        for key in keys:
            tracker.add(self.next_offset, key.encode(), size)
            self.next_offset += 1
        self.back_pressure.apply()

    def complete(self, partition: int, *offsets: int) -> None:
        tracker = self.partitions.tracker((TOPIC, partition))
        assert tracker is not None
        for offset in offsets:
            tracker.complete(offset)
        self.back_pressure.apply()


def test_topic_is_paused_at_its_limit_and_resumed_at_half_of_it() -> None:
    worker = Worker()
    worker.assign(0, 1)

    worker.read(0, "a", "b")
    worker.read(1, "c")
    assert worker.reader.paused == set()
    worker.read(1, "d")
    assert worker.reader.paused == {0, 1}
    worker.complete(0, 0)
    assert worker.reader.paused == {0, 1}
    worker.complete(0, 1)
    assert worker.reader.paused == set()


def test_many_events_of_one_post_pause_nothing_until_they_fill_the_memory() -> None:
    worker = Worker()
    worker.assign(0)

    worker.read(0, *["viral"] * 99)
    assert worker.reader.paused == set()
    worker.read(0, "viral")
    assert worker.reader.paused == {0}


def test_partition_gained_while_its_topic_is_paused_is_paused_at_once() -> None:
    worker = Worker()
    worker.assign(0)
    worker.read(0, "a", "b", "c", "d")

    worker.assign(1, 2)

    assert worker.reader.paused == {0, 1, 2}
    worker.complete(0, 0, 1, 2, 3)
    assert worker.reader.paused == set()


def test_partition_that_comes_back_after_its_topic_resumed_is_read() -> None:
    worker = Worker()
    worker.assign(0)
    worker.read(0, "a", "b", "c", "d")
    worker.partitions.drop([(TOPIC, 0)])
    worker.back_pressure.apply()  # nothing of the topic is unfinished any more

    worker.assign(0)

    assert worker.reader.paused == set()
