"""Generates the AsyncAPI 3.0 document: all topics, their messages and FakeME's operations.

Operations are described from FakeME's side: FakeME receives what the platform sends.
"""

from schemas.asyncapi_messages import BINDING_VERSION, Node, cloud_event, messages
from schemas.flow import FLOWS, Flow, Party
from schemas.topics import MAX_EVENT_BYTES, TOPICS, Topic, origin_name

CONTRACTS_VERSION = "1.0.0"  # of the event types that end in .v1


def document() -> Node:
    """Return the whole document; its messages refer to the JSON Schema files in ``jsonschema/``."""
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
            "The events that a platform and FakeME exchange on Kafka. CloudEvents 1.0 in binary mode: the "
            "attributes are headers, and the event is the JSON value. The key is the post id (for "
            "generation, the request id). Delivery is at least once: events with the same id are the same "
            f"event. A value has at most {MAX_EVENT_BYTES} bytes. "
            "Readers must ignore unknown properties."
        ),
        "license": {"name": "Apache-2.0"},
    }


def _server() -> Node:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The platform's Kafka cluster.",
        "variables": {
            "bootstrap": {"default": "localhost:9092", "description": "The value of FAKEME_KAFKA_BOOTSTRAP."}
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
    """Return the name of the message that ``topic`` carries; a retry topic carries that of its origin."""
    origins = {origin.name: origin.event_type for origin in TOPICS}
    return origins[origin_name(topic.name)]


def _topic_configuration(topic: Topic) -> Node:
    """Return the topic's settings with the types that the Kafka binding requires."""
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
