"""Creates the missing topics of ``schemas.topics`` on any Kafka cluster."""

from collections.abc import Iterable
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # documented, not re-exported

from infra.errors import InfraError
from schemas.topics import TOPICS, Topic

TIMEOUT_SECONDS = 30.0


class TopicsError(InfraError):
    """A topic could not be created."""


def declare_topics(
    bootstrap: str, topics: Iterable[Topic] = TOPICS, *, replication_factor: int = -1
) -> list[str]:
    """Create the topics that do not exist. Existing topics are not changed.

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
    with AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}) as admin:
        outcomes = admin.create_topics(new_topics, operation_timeout=TIMEOUT_SECONDS)
        return [name for name, outcome in outcomes.items() if _was_created(name, outcome)]


def _was_created(name: str, outcome: Future[None]) -> bool:
    try:
        outcome.result(TIMEOUT_SECONDS)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise TopicsError(f"topic {name} cannot be created: {error.args[0].str()}") from error
    except TimeoutError as error:
        raise TopicsError(
            f"no broker answers within {TIMEOUT_SECONDS:.0f} s: check FAKEME_KAFKA_BOOTSTRAP, and that Kafka runs"
        ) from error
    return True
