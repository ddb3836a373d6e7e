"""The messages of the AsyncAPI document: events with their CloudEvents headers, and dead letters."""

from typing import Any

from schemas.dead_letters import DEAD_LETTER_HEADERS
from schemas.envelope import CONTENT_TYPE, REQUIRED, SPEC_VERSION
from schemas.topics import DEAD_LETTERS, EVENT_TOPICS, Topic

BINDING_VERSION = "0.5.0"  # of AsyncAPI's Kafka binding
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"

Node = dict[str, Any]


def messages() -> Node:
    """Return all messages by name. The name of an event's message is the event type."""
    events = {topic.event_type: _event(topic) for topic in EVENT_TOPICS}
    return {**events, DEAD_LETTERS.event_type: _dead_letter()}


def _event(topic: Topic) -> Node:
    assert topic.contract is not None  # event topics carry one
    return {
        "name": topic.event_type,
        "title": topic.contract.__name__,
        "summary": topic.contract.__doc__,
        "contentType": "application/json",
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {"$ref": f"jsonschema/{topic.event_type}.json"},
        },
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": BINDING_VERSION}},
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
    }


def _key(topic: Topic) -> Node:
    assert topic.contract is not None  # event topics carry one
    name = "post_id" if "post_id" in topic.contract.model_fields else "request_id"
    return {"type": "string", "description": f"The event's {name}; events with the same key stay in order."}


def _dead_letter() -> Node:
    return {
        "name": DEAD_LETTERS.event_type,
        "title": "DeadLetter",
        "summary": "The original key, value and headers of an event that could not be read or processed.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "description": "These headers follow those of the original record, in this order.",
            "required": list(DEAD_LETTER_HEADERS),
            "properties": {
                name: {"type": "string", "description": meaning}
                for name, meaning in DEAD_LETTER_HEADERS.items()
            },
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The key of the original record."},
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def cloud_event() -> Node:
    """Return the trait of every event: the headers of CloudEvents' binary mode."""
    text = {"type": "string"}
    return {
        "headers": {
            "type": "object",
            "required": list(REQUIRED),
            "properties": {
                "ce_specversion": {"type": "string", "const": SPEC_VERSION},
                "ce_id": {
                    **text,
                    "minLength": 1,
                    "description": "The event's id; a repeated event has the same.",
                },
                "ce_source": {
                    **text,
                    "minLength": 1,
                    "description": "The producer of the event; unique together with ce_id.",
                },
                "ce_type": {**text, "minLength": 1, "description": "The name of this message."},
                "ce_time": {**text, "format": "date-time", "description": "When the event happened."},
                "ce_subject": {**text, "description": "The same as the record's key."},
                "content-type": {"type": "string", "const": CONTENT_TYPE},
            },
        }
    }
