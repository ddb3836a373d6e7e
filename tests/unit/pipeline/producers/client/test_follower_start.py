"""A follower that starts together with the broker retries until each partition has a leader."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from pipeline.producers.client.follower import _start_positions


class Broker:
    """A fake consumer that raises ``errors`` before it returns the offsets of its partition."""

    def __init__(self, *errors: int, end: int = 7) -> None:
        self._errors = list(errors)
        self._end = end

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        if self._errors:
            raise KafkaException(KafkaError(self._errors.pop(0)))
        return 0, self._end

    def offsets_for_times(self, queries: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(query.topic, query.partition, -1) for query in queries]  # no such record


def test_a_partition_without_a_leader_is_retried() -> None:
    broker = Broker(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)

    (start,) = _start_positions(broker, "media.verdicts", None)

    assert (start.topic, start.partition, start.offset) == ("media.verdicts", 0, 7)


def test_other_errors_are_not_retried() -> None:
    broker = Broker(KafkaError.TOPIC_AUTHORIZATION_FAILED)

    with pytest.raises(KafkaException) as caught:
        _start_positions(broker, "media.verdicts", None)

    assert caught.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_time_after_the_last_event_starts_at_the_current_end() -> None:
    (start,) = _start_positions(Broker(end=7), "media.verdicts", datetime(2100, 1, 1, tzinfo=UTC))

    assert start.offset == 7
