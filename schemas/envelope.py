"""CloudEvents 1.0 on Kafka in binary mode: attributes in ``ce_`` headers, the event as the JSON value.

See the CloudEvents Kafka protocol binding, section 3.2.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from schemas.base import Contract, rfc3339
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.topics import BY_CONTRACT, BY_EVENT_TYPE, MAX_EVENT_BYTES, Topic

SPEC_VERSION = "1.0"
MAX_ATTRIBUTE_BYTES = 1_024  # of source and id, which identify the event: a database index holds 2,704 bytes
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # not allowed in attributes (CloudEvents 1.0, section 3.1)
CONTENT_TYPE = "application/json; charset=utf-8"
REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type")

Headers = Sequence[tuple[str, bytes]]
RawHeaders = Sequence[tuple[str, bytes | None]]  # as read from a broker


@dataclass(frozen=True)
class Record:
    """A record as read from a broker; every part except the topic may be null."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Message(Record):
    """A record to produce; no part is null."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Event:
    """A decoded event: its CloudEvents attributes and its validated body."""

    id: str
    source: str
    type: str
    body: Contract
    time: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)


def encode(body: Contract, *, id: str, source: str, key: str, time: datetime) -> Message:  # noqa: A002 - CloudEvents' name
    """Encode ``body`` as a record for the topic of its contract.

    ``id`` and ``source`` together identify the event; ``key`` is the id of its post (or request).
    """
    topic = BY_CONTRACT[type(body)]
    attributes = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": id,
        "ce_source": source,
        "ce_type": topic.event_type,
        "ce_time": rfc3339(time),
        "ce_subject": key,
        "content-type": CONTENT_TYPE,
    }
    headers = tuple((name, value.encode()) for name, value in attributes.items())
    return Message(topic.name, key.encode(), body.model_dump_json().encode(), headers)


def decode(headers: RawHeaders | None, value: bytes | None) -> Event:
    """Decode a record; raise :class:`UnreadableEventError` with the dead-letter reason on failure."""
    attributes = _attributes(headers)
    topic = _topic(attributes["ce_type"])
    return Event(
        id=attributes["ce_id"],
        source=attributes["ce_source"],
        type=attributes["ce_type"],
        body=_body(topic, value or b""),
        time=attributes.get("ce_time"),
        extensions={name: text for name, text in attributes.items() if not name.startswith("ce_")},
    )


def read_event(record: Record, topic: Topic) -> Event:
    """Decode a record of ``topic``; raise :class:`UnreadableEventError` if its event belongs elsewhere."""
    event = decode(record.headers, record.value)
    if topic.contract is None or not isinstance(event.body, topic.contract):
        raise UnreadableEventError(
            DeadLetterReason.UNKNOWN_TYPE, f"type {event.type!r} does not belong on {topic.name}"
        )
    return event


def _attributes(headers: RawHeaders | None) -> dict[str, str]:
    attributes = {name: (raw or b"").decode("utf-8", "replace") for name, raw in headers or ()}
    missing = [name for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise UnreadableEventError(DeadLetterReason.MISSING_HEADERS, f"missing headers: {', '.join(missing)}")
    if attributes["ce_specversion"] != SPEC_VERSION:
        raise UnreadableEventError(
            DeadLetterReason.UNKNOWN_VERSION,
            f"CloudEvents version {attributes['ce_specversion']!r}; supported is {SPEC_VERSION!r}",
        )
    for name in ("ce_id", "ce_source"):
        _check_identifier(name, attributes[name])
    return attributes


def _check_identifier(name: str, value: str) -> None:
    size = len(value.encode())
    if size > MAX_ATTRIBUTE_BYTES:
        detail = f"{name}: it has {size} bytes; the limit is {MAX_ATTRIBUTE_BYTES}"
        raise UnreadableEventError(DeadLetterReason.WRONG_SCHEMA, detail)
    if _CONTROLS.search(value):
        raise UnreadableEventError(DeadLetterReason.WRONG_SCHEMA, f"{name}: it contains control characters")


def _topic(event_type: str) -> Topic:
    topic = BY_EVENT_TYPE.get(event_type)
    if topic is not None:
        return topic
    stem = re.sub(r"\.v\d+$", "", event_type)
    known = [known for known in BY_EVENT_TYPE if known.startswith(f"{stem}.v")]
    if known:
        raise UnreadableEventError(
            DeadLetterReason.UNKNOWN_VERSION, f"type {event_type!r}; supported is {known[0]!r}"
        )
    raise UnreadableEventError(DeadLetterReason.UNKNOWN_TYPE, f"unknown event type {event_type!r}")


def _body(topic: Topic, value: bytes) -> Contract:
    if len(value) > MAX_EVENT_BYTES:
        raise UnreadableEventError(
            DeadLetterReason.OVERSIZE, f"the event has {len(value)} bytes; the limit is {MAX_EVENT_BYTES}"
        )
    try:
        document = json.loads(value)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or nested too deeply
        raise UnreadableEventError(DeadLetterReason.NOT_JSON, str(error)) from error
    assert topic.contract is not None  # event topics carry one
    try:
        return topic.contract.model_validate(document)
    except ValidationError as error:
        raise UnreadableEventError(DeadLetterReason.WRONG_SCHEMA, _first_fault(error)) from error


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "the body"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{place}: {fault['msg']}{more}"
