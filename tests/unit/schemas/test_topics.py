"""The list of topics is consistent: one topic for each event and one event for each topic."""

from collections import Counter

import pytest

from schemas.examples import EXAMPLE_OF
from schemas.topics import (
    BY_CONTRACT,
    BY_EVENT_TYPE,
    DEAD_LETTERS,
    EVENT_TOPICS,
    MAX_EVENT_BYTES,
    PARTITIONS,
    POSTS_TAGS,
    RETRIED,
    RETRY_TOPICS,
    TOPICS,
    Topic,
    origin_name,
    retry_topic,
)


def test_topics_are_those_that_platforms_know() -> None:
    assert [topic.name for topic in EVENT_TOPICS] == [
        "posts.created",
        "posts.reported",
        "posts.appealed",
        "posts.replayed",
        "media.verdicts",
        "media.verdicts.shadow",
        "posts.tags",
        "reports.surged",
        "moderation.cases",
        "moderation.decisions",
        "generation.requested",
        "generation.results",
    ]


def test_each_contract_is_on_exactly_one_topic() -> None:
    assert Counter(topic.contract for topic in EVENT_TOPICS) == Counter(EXAMPLE_OF.keys())
    assert {BY_CONTRACT[topic.contract].name for topic in EVENT_TOPICS} == {
        topic.name for topic in EVENT_TOPICS
    }


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)
def test_event_type_leads_back_to_its_topic(topic: Topic) -> None:
    assert topic.event_type == f"fakeme.{topic.name}.v1"
    assert BY_EVENT_TYPE[topic.event_type] is topic


def test_all_topics_have_names_of_their_own() -> None:
    names = [topic.name for topic in TOPICS]

    assert len(names) == len(set(names)) == len(EVENT_TOPICS) + len(RETRY_TOPICS) + 1


@pytest.mark.parametrize(("worker", "topics"), RETRIED.items(), ids=str)
def test_each_worker_has_retry_topics_of_its_own(worker: str, topics: tuple[Topic, ...]) -> None:
    for topic in topics:
        (retry,) = [other for other in TOPICS if other.name == f"{topic.name}.{worker}.retry"]
        assert retry == retry_topic(topic, worker)
        assert (retry.contract, retry.partitions) == (topic.contract, topic.partitions)


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("posts.created", "posts.created"),
        ("posts.created.detection.retry", "posts.created"),
        ("posts.created.retry", "posts.created"),  # of a version before
        ("acme.letters.acme-amplifier.retry", "acme.letters"),
    ],
)
def test_records_of_a_retry_topic_come_from_its_origin(name: str, origin: str) -> None:
    assert origin_name(name) == origin


def test_every_topic_has_enough_partitions_to_share() -> None:
    assert {topic.partitions for topic in TOPICS} == {PARTITIONS} == {6}


def test_only_tags_are_compacted() -> None:
    assert [topic.name for topic in TOPICS if "cleanup.policy" in topic.config] == [POSTS_TAGS.name]


def test_dead_letter_has_room_for_the_largest_record_a_broker_takes() -> None:
    assert DEAD_LETTERS.contract is None
    assert int(DEAD_LETTERS.config["max.message.bytes"]) > 2 * MAX_EVENT_BYTES
