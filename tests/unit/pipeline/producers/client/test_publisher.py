"""Each broker error is converted to an SDK error that says what to do."""

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

UNREACHABLE = "127.0.0.1:1"  # tcpmux: nothing listens there
REPLAY = PostReplayed(replay_id="r1", post_id="p1", replayed_at=datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        (KafkaError._MSG_TIMED_OUT, BrokerUnreachableError),
        (KafkaError._ALL_BROKERS_DOWN, BrokerUnreachableError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicMissingError),
        (KafkaError._UNKNOWN_TOPIC, TopicMissingError),
        (KafkaError.MSG_SIZE_TOO_LARGE, EventTooLargeError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, PublishRefusedError),
    ],
)
def test_broker_errors_are_converted(code: int, error_type: type[ProducerError]) -> None:
    with EventPublisher(UNREACHABLE, timeout=1) as publisher:
        assert type(publisher.explain(KafkaError(code), "posts.created")) is error_type


def test_an_unreachable_broker_is_reported_within_the_timeout() -> None:
    with (
        PlatformClient(UNREACHABLE, source="//a", timeout=1) as client,
        pytest.raises(
            BrokerUnreachableError, match=r"no broker at 127\.0\.0\.1:1 accepted the event within 1 s"
        ),
    ):
        client.replay(REPLAY)


async def test_the_async_client_reports_an_unreachable_broker_too() -> None:
    async with AsyncPlatformClient(UNREACHABLE, source="//a", timeout=1) as client:
        with pytest.raises(BrokerUnreachableError):
            await client.replay(REPLAY)
