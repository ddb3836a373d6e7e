"""The gauges for lag and waiting events, and their removal when a partition is revoked."""

import pytest
from confluent_kafka import TopicPartition
from prometheus_client import REGISTRY

from pipeline.runtime.consumer import Priority
from pipeline.runtime.lag import UPDATE_SECONDS, LagGauges
from pipeline.runtime.partitions import Partitions

CREATED = ("posts.created", 0)
REPLAYED = ("posts.replayed", 3)


class FakeWatermarks:
    """Returns the given end offsets, by topic."""

    def __init__(self, **ends: int) -> None:
        self.ends = ends

    def get_watermark_offsets(self, partition: TopicPartition, *, cached: bool) -> tuple[int, int] | None:
        assert cached, "updating the gauges must not send requests to the broker"
        end = self.ends.get(partition.topic.replace(".", "_"))
        return None if end is None else (0, end)


@pytest.fixture
def gauges(request: pytest.FixtureRequest) -> LagGauges:
    priorities = {"posts.created": Priority.INTERACTIVE, "posts.replayed": Priority.REPLAY}
    return LagGauges(request.node.name, priorities)


def lag(worker: str, topic: str, partition: int) -> float | None:
    labels = {"worker": worker, "topic": topic, "partition": str(partition)}
    return REGISTRY.get_sample_value("fakeme_consumer_lag", labels)


def waiting(worker: str, priority: str) -> float | None:
    return REGISTRY.get_sample_value("fakeme_waiting_events", {"worker": worker, "priority": priority})


def read(partitions: Partitions, partition: tuple[str, int], *offsets: int) -> None:
    for offset in offsets:
        tracker = partitions.tracker(partition)
        assert tracker is not None
        tracker.add(offset)


def test_lag_is_the_distance_from_the_commit_position_to_the_end(
    gauges: LagGauges, request: pytest.FixtureRequest
) -> None:
    partitions = Partitions()
    partitions.assign([CREATED])
    read(partitions, CREATED, 10, 11, 12)

    gauges.update(0.0, FakeWatermarks(posts_created=20), partitions)

    assert lag(request.node.name, *CREATED) == 10


def test_lag_excludes_completed_records(gauges: LagGauges, request: pytest.FixtureRequest) -> None:
    partitions = Partitions()
    partitions.assign([CREATED])
    read(partitions, CREATED, 18, 19)
    for offset in (18, 19):
        partitions.tracker(CREATED).complete(offset)

    gauges.update(0.0, FakeWatermarks(posts_created=20), partitions)

    assert lag(request.node.name, *CREATED) == 0


def test_unfinished_records_are_counted_by_priority(
    gauges: LagGauges, request: pytest.FixtureRequest
) -> None:
    partitions = Partitions()
    partitions.assign([CREATED, REPLAYED])
    read(partitions, CREATED, 1)
    read(partitions, REPLAYED, 1, 2)

    gauges.update(0.0, FakeWatermarks(), partitions)

    assert waiting(request.node.name, "interactive") == 1
    assert waiting(request.node.name, "replay") == 2


def test_lag_is_not_reported_before_the_first_record(
    gauges: LagGauges, request: pytest.FixtureRequest
) -> None:
    partitions = Partitions()
    partitions.assign([CREATED])

    gauges.update(0.0, FakeWatermarks(posts_created=20), partitions)

    assert lag(request.node.name, *CREATED) is None


def test_lag_of_a_revoked_partition_is_removed(gauges: LagGauges, request: pytest.FixtureRequest) -> None:
    partitions = Partitions()
    partitions.assign([CREATED])
    read(partitions, CREATED, 1)
    gauges.update(0.0, FakeWatermarks(posts_created=20), partitions)

    partitions.drop([CREATED])
    gauges.update(UPDATE_SECONDS, FakeWatermarks(posts_created=20), partitions)

    assert lag(request.node.name, *CREATED) is None


def test_gauges_are_updated_at_most_once_per_interval(
    gauges: LagGauges, request: pytest.FixtureRequest
) -> None:
    partitions = Partitions()
    partitions.assign([CREATED])
    read(partitions, CREATED, 1)
    gauges.update(0.0, FakeWatermarks(posts_created=2), partitions)

    gauges.update(UPDATE_SECONDS - 0.1, FakeWatermarks(posts_created=9), partitions)
    assert lag(request.node.name, *CREATED) == 1

    gauges.update(UPDATE_SECONDS, FakeWatermarks(posts_created=9), partitions)
    assert lag(request.node.name, *CREATED) == 8
