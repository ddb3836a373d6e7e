"""Encoding and decoding of events, and the reasons for unreadable records."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Message, decode, encode
from schemas.errors import DeadLetterReason, UnreadableEventError
from schemas.examples import EXAMPLE_OF
from schemas.posts import Media, PostCreated
from schemas.topics import EVENT_TOPICS, MAX_EVENT_BYTES, Topic
from tests.unit.schemas.documents import EVENT_DOCUMENTS

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POST = EXAMPLE_OF[PostCreated]


def record() -> Message:
    return encode(POST, id="e-1", source="platform", key="post-8412", time=NOON)


def headers(**changes: str | None) -> list[tuple[str, bytes]]:
    """Return the headers of a valid record with changed values; ``None`` removes a header."""
    values = {name: value.decode() for name, value in record().headers} | changes
    return [(name, value.encode()) for name, value in values.items() if value is not None]


def reason_of(head: list[tuple[str, bytes]] | None, value: bytes | None) -> tuple[DeadLetterReason, str]:
    with pytest.raises(UnreadableEventError) as caught:
        decode(head, value)
    return caught.value.reason, caught.value.detail


def test_record_is_a_cloud_event_in_binary_mode() -> None:
    message = record()

    assert (message.topic, message.key) == ("posts.created", b"post-8412")
    assert message.headers == (
        ("ce_specversion", b"1.0"),
        ("ce_id", b"e-1"),
        ("ce_source", b"platform"),
        ("ce_type", b"fakeme.posts.created.v1"),
        ("ce_time", b"2026-11-23T12:00:00+00:00"),
        ("ce_subject", b"post-8412"),
        ("content-type", b"application/json; charset=utf-8"),
    )
    assert json.loads(message.value)["post_id"] == "post-8412"


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)
@settings(max_examples=8, deadline=None)
@given(data=st.data(), event_id=st.uuids().map(str), key=st.text(min_size=1, max_size=128))
def test_every_event_survives_encoding_and_decoding(
    topic: Topic, data: st.DataObject, event_id: str, key: str
) -> None:
    body = topic.contract.model_validate(data.draw(EVENT_DOCUMENTS[topic.name]))

    message = encode(body, id=event_id, source="fakeme", key=key, time=NOON)
    event = decode(message.headers, message.value)

    assert message.topic == topic.name
    assert message.key.decode() == key
    assert (event.id, event.source, event.type, event.time) == (
        event_id,
        "fakeme",
        topic.event_type,
        NOON.isoformat(),
    )
    assert event.body == body


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type"])
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_required_header_missing(name: str, value: str | None) -> None:
    assert reason_of(headers(**{name: value}), record().value) == (
        DeadLetterReason.MISSING_HEADERS,
        f"missing headers: {name}",
    )


@pytest.mark.parametrize("none", [None, []])
def test_no_headers_at_all(none: list[tuple[str, bytes]] | None) -> None:
    assert reason_of(none, record().value) == (
        DeadLetterReason.MISSING_HEADERS,
        "missing headers: ce_specversion, ce_id, ce_source, ce_type",
    )


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        (
            {"ce_specversion": "0.3"},
            DeadLetterReason.UNKNOWN_VERSION,
            "CloudEvents version '0.3'; supported is '1.0'",
        ),
        (
            {"ce_type": "fakeme.posts.created.v2"},
            DeadLetterReason.UNKNOWN_VERSION,
            "type 'fakeme.posts.created.v2'; supported is 'fakeme.posts.created.v1'",
        ),
        (
            {"ce_type": "com.example.liked"},
            DeadLetterReason.UNKNOWN_TYPE,
            "unknown event type 'com.example.liked'",
        ),
    ],
)
def test_unsupported_version_or_type(changes: dict[str, str], reason: DeadLetterReason, detail: str) -> None:
    assert reason_of(headers(**changes), record().value) == (reason, detail)


@pytest.mark.parametrize("name", ["ce_id", "ce_source"])
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\x9f", "한" * 342], ids=ascii)
def test_identifier_that_cannot_be_a_key_is_refused(name: str, value: str) -> None:
    reason, detail = reason_of(headers(**{name: value}), record().value)

    assert reason is DeadLetterReason.WRONG_SCHEMA
    assert detail.startswith(f"{name}: it ")


@pytest.mark.parametrize("name", ["ce_id", "ce_source"])
def test_longest_identifier_is_accepted(name: str) -> None:
    assert decode(headers(**{name: "한" * 341 + "1"}), record().value).body == POST


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"not json", b"\xff\xfe\x00", b'{"post_id": "a"', b"[" * 200_000],
    ids=["null", "empty", "cut short", "text", "not UTF-8", "unclosed", "nested without end"],
)
def test_value_that_is_not_json(value: bytes | None) -> None:
    assert reason_of(headers(), value)[0] is DeadLetterReason.NOT_JSON


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"post_id": None}, "post_id: Input should be a valid string"),
        ({"media": []}, "media: Tuple should have at least 1 item after validation, not 0"),
        ({"created_at": "2026-11-23T12:00:00"}, "created_at: Input should have timezone info"),
        (
            {"text": "\ud800"},
            "text: Input should be a valid string, unable to parse raw data as a unicode string",
        ),
        ({"post_id": 1, "author_id": 2}, "post_id: Input should be a valid string (and 1 more)"),
    ],
)
def test_json_that_violates_the_schema(change: dict[str, object], detail: str) -> None:
    document = json.loads(record().value) | change

    assert reason_of(headers(), json.dumps(document).encode()) == (DeadLetterReason.WRONG_SCHEMA, detail)


@pytest.mark.parametrize("value", [b"null", b"[]", b'"post"', b"7"])
def test_json_that_is_not_an_object(value: bytes) -> None:
    assert reason_of(headers(), value)[0] is DeadLetterReason.WRONG_SCHEMA


def test_nan_is_rejected() -> None:
    value = record().value.replace(b'"created_at":"2026-11-23T12:00:00Z"', b'"created_at":NaN')

    assert reason_of(headers(), value)[0] is DeadLetterReason.WRONG_SCHEMA


def test_size_limit_is_inclusive() -> None:
    value = record().value
    full = value + b" " * (MAX_EVENT_BYTES - len(value))

    assert decode(headers(), full).body == POST
    assert reason_of(headers(), full + b" ") == (
        DeadLetterReason.OVERSIZE,
        "the event has 524289 bytes; the limit is 524288",
    )


def test_largest_valid_post_fits_the_size_limit() -> None:
    media = Media(
        uri=f"s3://{'a' * 63}/{'😀' * 1024}",
        media_type="image/" + "x" * 64,
        sha256="a" * 64,
        alt_text="\x01" * 2000,  # six bytes each in JSON
    )
    post = PostCreated(
        post_id="p" * 128,
        author_id="a" * 128,
        text="\x01" * 10_000,
        hashtags=("😀" * 140,) * 100,
        media=(media,) * 20,
        created_at=NOON,
    )

    message = encode(post, id="e", source="s", key=post.post_id, time=NOON)

    assert len(message.value) < MAX_EVENT_BYTES
    assert decode(message.headers, message.value).body == post


def test_unknown_properties_and_headers_are_accepted() -> None:
    document = json.loads(record().value) | {"mood": "good"}

    event = decode([*headers(), ("traceparent", b"00-ab-cd-01")], json.dumps(document).encode())

    assert event.body == POST
    assert event.extensions["traceparent"] == "00-ab-cd-01"


def test_missing_hash_is_added_to_hashtags() -> None:
    document = json.loads(record().value) | {"hashtags": ["selfie", "#딥페이크", "a" * 140]}

    body = decode(headers(), json.dumps(document).encode()).body

    assert body.hashtags == ("#selfie", "#딥페이크", "#" + "a" * 140)
    assert PostCreated.model_validate_json(body.model_dump_json()) == body
