"""Creates the missing topics of ``schemas.topics`` on any Kafka cluster."""

import time
from collections.abc import Sequence
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]  # documented, not re-exported

from infra.brokers import Brokers, connection
from infra.errors import InfraError
from schemas.topics import TOPICS, Topic

TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.1  # between two questions


class TopicsError(InfraError):
    """A topic could not be created."""


def declare_topics(
    bootstrap: str | Brokers, topics: Sequence[Topic] = TOPICS, *, replication_factor: int = -1
) -> list[str]:
    """Create the topics that do not exist, and wait until they can be used. Existing ones are not changed.

    :param replication_factor: -1 uses the cluster's default.
    :return: the names of the created topics.
    """
    new_topics = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=replication_factor,
            config=topic.config,
        )
        for topic in topics
    ]
    with AdminClient({**connection(bootstrap), "log_level": 0}) as admin:
        outcomes = admin.create_topics(new_topics, operation_timeout=TIMEOUT_SECONDS)
        created = [name for name, outcome in outcomes.items() if _was_created(name, outcome)]
        _wait_for_leaders(admin, [topic for topic in topics if topic.name in created])
        return created


def _wait_for_leaders(admin: AdminClient, created: Sequence[Topic]) -> None:
    """Wait until every new partition answers. A broker learns shortly after the creation what it leads."""
    latest = {
        TopicPartition(topic.name, number): OffsetSpec.latest()  # type: ignore[no-untyped-call]
        for topic in created
        for number in range(topic.partitions)
    }
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while latest:
        answers = admin.list_offsets(latest)
        failed = [part for part, answer in answers.items() if answer.exception() is not None]
        if not failed:
            return
        if time.monotonic() > deadline:
            raise TopicsError(
                f"{failed[0].topic} was created, but no broker leads partition {failed[0].partition}"
            )
        time.sleep(_POLL_SECONDS)


def _was_created(name: str, outcome: Future[None]) -> bool:
    try:
        outcome.result(TIMEOUT_SECONDS)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise TopicsError(f"topic {name} cannot be created: {error.args[0].str()}") from error
    except TimeoutError as error:
        raise TopicsError(
            f"no broker answers within {TIMEOUT_SECONDS:.0f} s: check FAKEME_KAFKA_BOOTSTRAP and Kafka"
        ) from error
    return True
