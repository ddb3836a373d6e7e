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
    RETRY_TOPICS,
    TOPICS,
    Topic,
    origin_name,
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


@pytest.mark.parametrize("retry", RETRY_TOPICS, ids=lambda topic: topic.name)
def test_retry_topic_has_the_contract_and_partitions_of_its_origin(retry: Topic) -> None:
    [origin] = [topic for topic in EVENT_TOPICS if topic.name == origin_name(retry.name)]

    assert (retry.contract, retry.partitions) == (origin.contract, origin.partitions)
    assert retry in TOPICS


def test_every_topic_has_enough_partitions_to_share() -> None:
    assert {topic.partitions for topic in TOPICS} == {PARTITIONS} == {6}


def test_only_tags_are_compacted() -> None:
    assert [topic.name for topic in TOPICS if "cleanup.policy" in topic.config] == [POSTS_TAGS.name]


def test_dead_letter_has_room_for_the_largest_record_a_broker_takes() -> None:
    assert DEAD_LETTERS.contract is None
    assert int(DEAD_LETTERS.config["max.message.bytes"]) > 2 * MAX_EVENT_BYTES
