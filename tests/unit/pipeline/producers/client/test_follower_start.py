"""A follower that starts together with the broker waits for partitions that have no leader yet."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from pipeline.producers.client.follower import _places


class Broker:
    """Answers like a consumer's broker; its partition gets a leader after some questions."""

    def __init__(self, *errors: int, end: int = 7) -> None:
        self._errors = list(errors)
        self._end = end

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        if self._errors:
            raise KafkaException(KafkaError(self._errors.pop(0)))
        return 0, self._end

    def offsets_for_times(self, places: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(place.topic, place.partition, -1) for place in places]  # nothing so new


def test_a_partition_without_a_leader_is_asked_again() -> None:
    broker = Broker(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)

    (place,) = _places(broker, "media.verdicts", None)

    assert (place.topic, place.partition, place.offset) == ("media.verdicts", 0, 7)


def test_other_errors_are_not_waited_for() -> None:
    broker = Broker(KafkaError.TOPIC_AUTHORIZATION_FAILED)

    with pytest.raises(KafkaException) as caught:
        _places(broker, "media.verdicts", None)

    assert caught.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_moment_after_the_last_event_is_the_end_as_it_was() -> None:
    (place,) = _places(Broker(end=7), "media.verdicts", datetime(2100, 1, 1, tzinfo=UTC))

    assert place.offset == 7
