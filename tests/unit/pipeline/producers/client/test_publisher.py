"""Each way in which a broker fails to take an event has a name that tells the caller what to do."""

from datetime import UTC, datetime

import pytest
from confluent_kafka import KafkaError

from pipeline.producers import AsyncPlatformClient, PlatformClient
from pipeline.producers.client.errors import (
    BrokerUnreachableError,
    EventTooLargeError,
    ProducerError,
    PublishRefusedError,
    TopicMissingError,
)
from pipeline.producers.client.publisher import EventPublisher
from schemas.posts import PostReplayed

NOBODY = "127.0.0.1:1"  # tcpmux: nothing listens there
REPLAY = PostReplayed(replay_id="r1", post_id="p1", replayed_at=datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (KafkaError._MSG_TIMED_OUT, BrokerUnreachableError),
        (KafkaError._ALL_BROKERS_DOWN, BrokerUnreachableError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicMissingError),
        (KafkaError._UNKNOWN_TOPIC, TopicMissingError),
        (KafkaError.MSG_SIZE_TOO_LARGE, EventTooLargeError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, PublishRefusedError),
    ],
)
def test_the_broker_s_errors_have_names(code: int, named: type[ProducerError]) -> None:
    with EventPublisher(NOBODY, timeout=1) as publisher:
        assert type(publisher.explain(KafkaError(code), "posts.created")) is named


def test_a_broker_that_is_away_is_named_within_the_timeout() -> None:
    with (
        PlatformClient(NOBODY, source="//a", timeout=1) as client,
        pytest.raises(BrokerUnreachableError, match=r"no broker at 127\.0\.0\.1:1 took the event within 1 s"),
    ):
        client.replay(REPLAY)


async def test_a_broker_that_is_away_is_named_to_awaiting_callers_too() -> None:
    async with AsyncPlatformClient(NOBODY, source="//a", timeout=1) as client:
        with pytest.raises(BrokerUnreachableError):
            await client.replay(REPLAY)
