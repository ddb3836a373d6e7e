"""Worker descriptions match ``schemas.flow``, from which the event reference and AsyncAPI are generated."""

from collections import Counter
from collections.abc import Iterable

import pytest

from pipeline.workers import WORKERS
from schemas.flow import FLOWS, Party
from schemas.topics import RETRY_TOPICS, TOPICS, Topic

READERS = [name for name, description in WORKERS.items() if description.subscriptions]


@pytest.mark.parametrize("name", READERS)
def test_worker_reads_the_topics_that_the_flow_names(name: str) -> None:
    documented = {flow.topic.name for flow in FLOWS if Party(name) in flow.readers}

    assert {subscription.topic.name for subscription in WORKERS[name].subscriptions} == documented


def test_every_reader_in_the_flow_is_a_worker_or_not_built_yet() -> None:
    readers = {party.value for flow in FLOWS for party in flow.readers}

    assert readers - set(READERS) == {Party.PLATFORM.value, Party.GENERATION.value}


def test_retry_topics_are_those_that_workers_need() -> None:
    needed = {topic for description in WORKERS.values() for topic in topic_names(description.retry_topics)}

    assert needed == topic_names(RETRY_TOPICS) <= topic_names(TOPICS)


def test_retry_topic_belongs_to_one_worker() -> None:
    owners = Counter(topic.name for description in WORKERS.values() for topic in description.retry_topics)

    assert set(owners.values()) == {1}
    assert {"posts.reported.detection.retry", "posts.reported.moderation.retry"} <= set(owners)


def topic_names(topics: Iterable[Topic]) -> set[str]:
    return {topic.name for topic in topics}
