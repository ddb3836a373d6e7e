"""The event reference for people, docs/events.md: topics, fields with types and limits, examples."""

import json
from collections.abc import Iterator, Sequence

from schemas.dead_letters import DEAD_LETTER_HEADERS
from schemas.examples import EXAMPLE_OF
from schemas.flow import FLOWS, Flow
from schemas.jsonschemas import Schema, event_schema
from schemas.topics import DEAD_LETTERS, MAX_EVENT_BYTES, RETRIED, Topic

_DAY_MS = 24 * 60 * 60 * 1000
_OPERATORS = "operators"  # read it when they want to know; no worker does
_LIMIT_WORDS = {
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "pattern": "`{}`",
}

_BINDING = "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md"
_OPENING = f"""<!-- Written by `fakeme schemas export`; change the contracts in schemas/ instead. -->

# Events

What a platform and FakeME tell each other on Kafka. Each event is a
[CloudEvent 1.0]({_BINDING}) in binary mode: its attributes are record headers
(`ce_specversion`, `ce_id`, `ce_source`, `ce_type`; also `ce_time` and `ce_subject`),
its body is the record's value in JSON, at most {MAX_EVENT_BYTES:,} bytes.
The record's key is the post (for `generation.*`, the request), so that what concerns one post stays in order.

Delivery is at least once: the same `ce_id` means the same event. Readers ignore fields that they do not know.
The same for programs: [JSON Schema](../schemas/jsonschema/) and [AsyncAPI](../schemas/asyncapi.yaml).
Within `v1`, a change never refuses what a platform may send today, and never sends what a reader made from
today's schema would refuse; anything else becomes `v2` beside it.
"""


def reference() -> str:
    """The whole page, ending in a newline."""
    shared: dict[str, Schema] = {}
    sections = [_OPENING, _topic_table()]
    for flow in FLOWS:
        schema = event_schema(flow.topic)
        shared |= schema.get("$defs", {})
        sections.append(_event(flow, schema))
    sections.append(_dead_letters())
    sections.append("## Types that events share\n")
    sections += [_shared_type(name, shared[name]) for name in sorted(shared)]
    return "\n".join(sections)


def _topic_table() -> str:
    rows = [
        _topic_row(
            f"[`{flow.topic.name}`](#{_anchor(flow.topic.name)})",
            flow.topic,
            flow.writer,
            _readers(flow),
        )
        for flow in FLOWS
    ]
    rows.append(
        _topic_row(f"[`{DEAD_LETTERS.name}`](#{DEAD_LETTERS.name})", DEAD_LETTERS, "every worker", _OPERATORS)
    )
    table = _table(("topic", "what it carries", "written by", "read by", "partitions", "kept"), rows)
    retried = ", ".join(f"`{topic.retry}`" for topic in RETRIED)
    return f"## Topics\n\n{table}\nEvents that wait for another try are on {retried}.\n"


def _topic_row(name: str, topic: Topic, writer: str, readers: str) -> tuple[str, ...]:
    return name, topic.about, writer, readers, str(topic.partitions), _retention(topic)


def _readers(flow: Flow) -> str:
    return ", ".join(flow.readers) or _OPERATORS


def _retention(topic: Topic) -> str:
    if topic.config.get("cleanup.policy") == "compact":
        return "the last of each key"
    milliseconds = int(topic.config["retention.ms"])
    return "for ever" if milliseconds < 0 else f"{milliseconds // _DAY_MS} days"


def _event(flow: Flow, schema: Schema) -> str:
    topic = flow.topic
    assert topic.contract is not None  # flows are of events
    example = json.dumps(EXAMPLE_OF[topic.contract].model_dump(mode="json"), indent=2, ensure_ascii=False)
    parties = f"Written by {flow.writer.value}, read by {_readers(flow)}."
    return (
        f"## {topic.name}\n\n{schema['description']}\n\n`ce_type`: `{topic.event_type}`. {parties}\n\n"
        f"{_field_table(schema)}\n```json\n{example}\n```\n"
    )


def _dead_letters() -> str:
    table = _table(
        ("header", "meaning"), [(f"`{name}`", meaning) for name, meaning in DEAD_LETTER_HEADERS.items()]
    )
    return (
        f"## {DEAD_LETTERS.name}\n\n"
        "The key, value and headers of a record as it was read, byte for byte; behind its own headers:\n\n"
        f"{table}\n`fakeme dead-letters list`, `show` and `replay` work with them.\n"
    )


def _shared_type(name: str, schema: Schema) -> str:
    if "enum" in schema:
        values = ", ".join(f"`{value}`" for value in schema["enum"])
        return f"### {name}\n\n{schema['description']} One of {values}.\n"
    return f"### {name}\n\n{schema['description']}\n\n{_field_table(schema)}"


def _field_table(schema: Schema) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"`{name}`",
            _type(field),
            "yes" if name in required else _default(field),
            "; ".join(_limits(field)),
            field.get("description", ""),
        )
        for name, field in schema["properties"].items()
    ]
    return _table(("field", "type", "required", "limits", "meaning"), rows)


def _type(field: Schema) -> str:
    if "anyOf" in field:
        return " or ".join(_type(variant) for variant in field["anyOf"])
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{_anchor(name)})"
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if field["type"] == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"map of {_type(field['additionalProperties'])}"
    return str(field.get("format", field["type"]))


def _default(field: Schema) -> str:
    default = field.get("default")
    return "no" if default in (None, "", [], {}) else f"no: {json.dumps(default, ensure_ascii=False)}"


def _limits(field: Schema) -> Iterator[str]:
    if 1 in (field.get("minLength"), field.get("minItems")):
        yield "not empty"
    for keyword, words in _LIMIT_WORDS.items():
        if keyword in field:
            yield words.format(f"{field[keyword]:,}" if isinstance(field[keyword], int) else field[keyword])
    if "items" in field:
        yield from (f"each {words}" for words in _limits(field["items"]))
    for variant in field.get("anyOf", []):
        yield from _limits(variant)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _anchor(title: str) -> str:
    """The fragment that Markdown renderers make of a heading."""
    return title.lower().replace(".", "").replace(" ", "-")
