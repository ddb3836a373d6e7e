"""ACLs let each topic be written only by the worker, or the platform, that the flow names."""

import shlex
from importlib import import_module

import pytest

from pipeline.operations.kafka_acls import PLATFORM, Acl, command_line, kafka_acls
from pipeline.workers import WORKERS
from schemas.flow import FLOWS, Flow, Party
from schemas.topics import DEAD_LETTERS, RETRY_TOPICS

ACLS = kafka_acls(WORKERS.values())
THROUGH_OUTBOX = {Party.TAGGING, Party.MODERATION}  # the relay publishes what these write
GATEWAY_TOPICS = {"posts.created", "posts.reported", "posts.appealed"}


def principals(operation: str, topic: str) -> set[str]:
    return {
        acl.principal
        for acl in ACLS
        if (acl.operation, acl.resource, acl.name) == (operation, "topic", topic)
    }


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.topic.name)
def test_topic_has_the_writers_of_the_flow(flow: Flow) -> None:
    writer = "relay" if flow.writer in THROUGH_OUTBOX else flow.writer.value
    expected = {PLATFORM if flow.from_platform else f"fakeme-{writer}"}
    if flow.topic.name in GATEWAY_TOPICS:
        expected.add("fakeme-gateway")

    assert principals("Write", flow.topic.name) == expected - {"fakeme-generation"}  # not built yet


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.topic.name)
def test_topic_has_the_readers_of_the_flow(flow: Flow) -> None:
    expected = {
        PLATFORM if reader is Party.PLATFORM else f"fakeme-{reader.value}"
        for reader in flow.readers
        if reader is not Party.GENERATION
    }

    assert principals("Read", flow.topic.name) == expected


def test_decisions_are_written_by_the_relay_alone() -> None:
    assert principals("Write", "moderation.decisions") == {"fakeme-relay"}


def test_a_retry_topic_is_used_by_its_worker_alone() -> None:
    for topic in RETRY_TOPICS:
        owner = {f"fakeme-{topic.name.split('.')[-2]}"}
        assert principals("Read", topic.name) == principals("Write", topic.name) == owner


def test_consumers_write_dead_letters_and_nobody_reads_them() -> None:
    assert principals("Write", DEAD_LETTERS.name) == {
        "fakeme-detection",
        "fakeme-tagging",
        "fakeme-moderation",
    }
    assert principals("Read", DEAD_LETTERS.name) == set()


def test_groups_are_those_of_the_consumers() -> None:
    groups = {(acl.principal, acl.name, acl.prefixed) for acl in ACLS if acl.resource == "group"}

    assert groups == {
        (PLATFORM, PLATFORM, True),
        *((name, name, False) for name in ("fakeme-detection", "fakeme-tagging", "fakeme-moderation")),
    }


@pytest.mark.parametrize("name", ["detection", "moderation", "tagging"])
def test_worker_joins_the_group_that_it_may_read(name: str) -> None:
    module = import_module(f"pipeline.consumers.{name}.worker")

    assert WORKERS[name].consumer_group == module.GROUP


def test_command_line_quotes_its_arguments() -> None:
    line = command_line(
        Acl("fakeme-relay", "Write", "topic", "posts.tags"), "kafka:9092", "my admin.properties"
    )

    assert shlex.split(line) == [
        "kafka-acls.sh",
        "--bootstrap-server",
        "kafka:9092",
        "--command-config",
        "my admin.properties",
        "--add",
        "--allow-principal",
        "User:fakeme-relay",
        "--operation",
        "Write",
        "--topic",
        "posts.tags",
    ]
