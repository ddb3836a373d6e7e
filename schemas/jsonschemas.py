"""Generates the JSON Schema (2020-12) of each event from its contract."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from schemas.examples import EXAMPLE_OF
from schemas.topics import Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class _Untitled(GenerateJsonSchema):
    """Omits the field titles that pydantic adds, which only repeat the field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return False


def event_schema(topic: Topic) -> Schema:
    """Return the schema of the events of ``topic``; raise ``ValueError`` for a topic without a contract."""
    if topic.contract is None:
        raise ValueError(f"topic {topic.name} carries raw bytes and has no schema")
    body = topic.contract.model_json_schema(schema_generator=_Untitled)
    return {
        "$schema": DIALECT,
        "$id": f"urn:fakeme:schema:{topic.event_type}",
        "title": body.pop("title"),
        "description": body.pop("description"),
        **{name: body[name] for name in ("type", "properties", "required", "$defs") if name in body},
        "examples": [EXAMPLE_OF[topic.contract].model_dump(mode="json")],
    }


def resolve(schema: Schema, root: Schema) -> Schema:
    """Resolve a reference of ``schema`` into the ``$defs`` of ``root``; keywords next to it win."""
    if "$ref" not in schema:
        return schema
    target = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
