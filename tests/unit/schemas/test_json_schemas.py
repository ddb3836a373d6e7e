"""The JSON Schemas accept the same documents as the contracts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.examples import EXAMPLE_OF
from schemas.jsonschemas import event_schema
from schemas.topics import DEAD_LETTERS, EVENT_TOPICS, Topic
from tests.unit.schemas.documents import EVENT_DOCUMENTS

all_topics = pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)


def validator(topic: Topic) -> Draft202012Validator:
    return Draft202012Validator(event_schema(topic), format_checker=Draft202012Validator.FORMAT_CHECKER)


@all_topics
def test_schema_is_valid_2020_12(topic: Topic) -> None:
    Draft202012Validator.check_schema(event_schema(topic))


@all_topics
def test_every_field_has_a_description(topic: Topic) -> None:
    schema = event_schema(topic)

    undescribed = [
        name
        for node in (schema, *schema.get("$defs", {}).values())
        for name, field in node.get("properties", {}).items()
        if not field.get("description")
    ]

    assert undescribed == []


@all_topics
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_contract_reads_and_writes_documents_of_its_schema(topic: Topic, data: st.DataObject) -> None:
    document = data.draw(EVENT_DOCUMENTS[topic.name])
    assert validator(topic).is_valid(document)

    body = topic.contract.model_validate(document)

    validator(topic).validate(json.loads(body.model_dump_json()))


@all_topics
def test_every_event_has_a_valid_example(topic: Topic) -> None:
    [example] = event_schema(topic)["examples"]

    validator(topic).validate(example)
    assert topic.contract.model_validate(example) == EXAMPLE_OF[topic.contract]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("post_id", ""),
        ("post_id", "a" * 129),
        ("post_id", "two words"),
        ("media", []),
        ("media", [{"uri": "s3://platform-media/a.jpg", "media_type": "image/jpeg"}] * 21),
        ("media", [{"uri": "https://example.org/a.jpg", "media_type": "image/jpeg"}]),
        ("media", [{"uri": "s3://platform-media/a.jpg", "media_type": "text/html"}]),
        ("media", [{"uri": "s3://platform-media/a.jpg", "media_type": "image/jpeg", "sha256": "F" * 64}]),
        ("hashtags", ["#two words"]),
        ("hashtags", ["#a"] * 101),
        ("text", "a" * 10_001),
        ("visibility", "secret"),
        ("created_at", 7),
    ],
)
def test_schema_rejects_values_outside_the_limits_of_a_post(field: str, value: object) -> None:
    [created] = [topic for topic in EVENT_TOPICS if topic.name == "posts.created"]
    [document] = event_schema(created)["examples"]

    assert not validator(created).is_valid({**document, field: value})


def test_raw_dead_letters_have_no_schema() -> None:
    with pytest.raises(ValueError, match="dead-letters carries raw bytes"):
        event_schema(DEAD_LETTERS)
