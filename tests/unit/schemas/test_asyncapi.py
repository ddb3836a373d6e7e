"""The AsyncAPI document is complete and conforms to the AsyncAPI schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from pipeline.runtime.dead_letters import dead_letter
from schemas.asyncapi import document
from schemas.errors import DeadLetterReason
from schemas.export import SOURCE_TREE
from schemas.flow import FLOWS, Party
from schemas.topics import DEAD_LETTERS, EVENT_TOPICS, TOPICS

STANDARD = Path(__file__).parents[2] / "standards/asyncapi-3.0.0.json"
FILE = SOURCE_TREE / "schemas/asyncapi.yaml"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def follow(pointer: str, root: dict[str, Any]) -> Any:
    node: Any = root
    for part in pointer.removeprefix("#/").split("/"):
        node = node[part]
    return follow(node["$ref"], root) if set(node) == {"$ref"} and node["$ref"].startswith("#") else node


def test_document_is_valid_by_the_published_schema() -> None:
    standard = Draft7Validator(json.loads(STANDARD.read_text("utf-8")))

    assert [error.message for error in standard.iter_errors(yaml.safe_load(FILE.read_text("utf-8")))] == []


def test_published_schema_refuses_a_broken_document() -> None:
    standard = Draft7Validator(json.loads(STANDARD.read_text("utf-8")))
    broken = document()
    broken["operations"]["detection.receive.posts.created"]["action"] = "eat"

    assert not standard.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    root = document()
    found = set(references(root))

    inside = {reference for reference in found if reference.startswith("#")}
    files = found - inside

    assert all(follow(reference, root) for reference in inside)
    assert files == {f"jsonschema/{topic.event_type}.json" for topic in EVENT_TOPICS}
    assert all((FILE.parent / name).is_file() for name in files)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_a_channel_with_its_partitions(topic: Any) -> None:
    channel = document()["channels"][topic.name]

    assert channel["address"] == topic.name
    assert channel["bindings"]["kafka"]["partitions"] == topic.partitions


def test_retry_topic_carries_the_messages_of_its_origin() -> None:
    root = document()

    assert (
        root["channels"]["posts.created.detection.retry"]["messages"]["event"]
        == root["channels"]["posts.created"]["messages"]["event"]
        == {"$ref": "#/components/messages/fakeme.posts.created.v1"}
    )


def test_dead_letter_headers_match_those_of_the_pipeline() -> None:
    letter = dead_letter(
        topic="posts.created",
        partition=0,
        offset=1,
        timestamp_ms=2,
        key=None,
        value=b"?",
        headers=(),
        reason=DeadLetterReason.NOT_JSON,
        detail="no",
        attempts=1,
    )

    headers = document()["components"]["messages"][DEAD_LETTERS.event_type]["headers"]

    assert [name for name, _ in letter.headers] == list(headers["properties"]) == headers["required"]


def test_operations_are_what_the_workers_send_and_receive() -> None:
    operations = document()["operations"]

    sent = {f"{flow.writer}.send.{flow.topic.name}" for flow in FLOWS if flow.writer is not Party.PLATFORM}
    received = {
        f"{reader}.receive.{flow.topic.name}"
        for flow in FLOWS
        for reader in flow.readers
        if reader is not Party.PLATFORM
    }

    assert operations.keys() == sent | received
    assert operations["detection.receive.posts.created"]["channel"] == {"$ref": "#/channels/posts.created"}


@pytest.mark.parametrize(
    ("event_type", "key"),
    [("fakeme.posts.created.v1", "post_id"), ("fakeme.generation.requested.v1", "request_id")],
)
def test_message_describes_its_key_and_headers(event_type: str, key: str) -> None:
    root = document()
    message = root["components"]["messages"][event_type]

    [trait] = message["traits"]
    assert message["bindings"]["kafka"]["key"]["description"].startswith(f"The event's {key}")
    assert follow(trait["$ref"], root)["headers"]["required"] == [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
    ]


def test_flows_cover_every_event_topic_once() -> None:
    assert sorted(flow.topic.name for flow in FLOWS) == sorted(topic.name for topic in EVENT_TOPICS)
