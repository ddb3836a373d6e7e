"""The AsyncAPI 3.0 document: every topic, what it carries, and what FakeME does there.

Operations are from FakeME's point of view: it receives what the platform sends, and sends what it reads.
"""

from schemas.asyncapi_messages import BINDING_VERSION, Node, cloud_event, messages
from schemas.flow import FLOWS, Flow, Party
from schemas.topics import MAX_EVENT_BYTES, RETRIED, TOPICS, Topic

CONTRACTS_VERSION = "1.0.0"  # of the set of events, whose types end in .v1


def document() -> Node:
    """The whole document; messages refer to the JSON Schema files beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": messages(),
            "messageTraits": {"cloudEvent": cloud_event()},
        },
    }


def _info() -> Node:
    return {
        "title": "FakeME events",
        "version": CONTRACTS_VERSION,
        "description": (
            "What a platform and FakeME tell each other on Kafka. CloudEvents 1.0 in binary mode: attributes "
            "are headers, the event is the JSON value. The key is the post (for generation, the request). "
            "Delivery is at least once: the same id means the same event. "
            f"A value has at most {MAX_EVENT_BYTES} bytes. "
            "Readers must ignore properties that they do not know."
        ),
        "license": {"name": "Apache-2.0"},
    }


def _server() -> Node:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The platform's own cluster.",
        "variables": {
            "bootstrap": {"default": "localhost:9092", "description": "FakeME's FAKEME_KAFKA_BOOTSTRAP."}
        },
    }


def _channel(topic: Topic) -> Node:
    return {
        "address": topic.name,
        "description": topic.about,
        "servers": [_reference("servers", "kafka")],
        "messages": {"event": _reference("components", "messages", topic_message(topic))},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _topic_configuration(topic),
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def topic_message(topic: Topic) -> str:
    """Which of the document's messages ``topic`` carries; a retry topic carries those of its origin."""
    origins = {origin.retry: origin.event_type for origin in RETRIED}
    return origins.get(topic.name, topic.event_type)


def _topic_configuration(topic: Topic) -> Node:
    """The settings of the topic that the Kafka binding knows, in its types."""
    settings: Node = {}
    for name, value in topic.config.items():
        settings[name] = value.split(",") if name == "cleanup.policy" else int(value)
    return settings


def _operations() -> Node:
    operations: Node = {}
    for flow in FLOWS:
        if flow.writer is not Party.PLATFORM:
            operations[f"{flow.writer}.send.{flow.topic.name}"] = _operation(flow, "send", flow.writer)
        for reader in flow.readers:
            if reader is not Party.PLATFORM:
                operations[f"{reader}.receive.{flow.topic.name}"] = _operation(flow, "receive", reader)
    return operations


def _operation(flow: Flow, action: str, party: Party) -> Node:
    return {
        "action": action,
        "channel": _reference("channels", flow.topic.name),
        "summary": f"{party.value} {action}s: {flow.topic.about}",
        "messages": [_reference("channels", flow.topic.name, "messages", "event")],
        "bindings": {
            "kafka": {
                "groupId": {"type": "string", "enum": [_group(party)]},
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def _group(party: Party) -> str:
    return f"fakeme-{party.value}"


def _reference(*path: str) -> Node:
    return {"$ref": "#/" + "/".join(path)}
