"""Hypothesis strategies that generate documents of a JSON Schema, as a platform may send them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from schemas.base import EARLIEST, LATEST
from schemas.jsonschemas import Schema, event_schema, resolve
from schemas.topics import EVENT_TOPICS

PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)  # no white space, because contracts strip it
DAY = timedelta(days=1)  # no offset is longer
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def _values(schema: Schema, root: Schema) -> st.SearchStrategy[Any]:
    schema = resolve(schema, root)
    if "anyOf" in schema:
        return st.one_of([_values(variant, root) for variant in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {
        "string": _strings,
        "number": _numbers,
        "integer": _integers,
        "boolean": lambda _schema, _root: st.booleans(),
        "null": lambda _schema, _root: st.none(),
        "array": _arrays,
        "object": _objects,
    }[schema["type"]](schema, root)


def _strings(schema: Schema, root: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if schema.get("format") == "date-time":
        first, last = (bound.replace(tzinfo=None) for bound in (EARLIEST + DAY, LATEST - DAY))
        moments = st.datetimes(first, last, timezones=OFFSETS | st.just(UTC))
        return moments.map(datetime.isoformat)
    max_length = schema.get("maxLength", 200)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True, alphabet=PRINTABLE).map(
            lambda text: text[:max_length]
        )
    return st.text(min_size=schema.get("minLength", 0), max_size=min(max_length, 200))


def _numbers(schema: Schema, root: Schema) -> st.SearchStrategy[float]:
    return st.floats(
        schema.get("minimum"),
        schema.get("maximum"),
        allow_nan=False,
        allow_infinity=False,
        allow_subnormal=False,
    )


def _integers(schema: Schema, root: Schema) -> st.SearchStrategy[int]:
    return st.integers(schema.get("minimum"), 2**31)


def _arrays(schema: Schema, root: Schema) -> st.SearchStrategy[list[Any]]:
    min_items = schema.get("minItems", 0)
    return st.lists(_values(schema["items"], root), min_size=min_items, max_size=min_items + 2)


def _objects(schema: Schema, root: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if isinstance(schema.get("additionalProperties"), dict):
        return st.dictionaries(
            st.text(max_size=20), _values(schema["additionalProperties"], root), max_size=3
        )
    required = set(schema.get("required", []))
    fields = {name: _values(field, root) for name, field in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: values for name, values in fields.items() if name in required},
        optional={name: values for name, values in fields.items() if name not in required},
    )


# Event bodies by topic, generated from the schemas. Built once, because regular expressions are slow.
EVENT_DOCUMENTS = {
    topic.name: _values(schema, schema) for topic in EVENT_TOPICS for schema in [event_schema(topic)]
}
