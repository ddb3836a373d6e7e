"""Dead letters: the format and the original record that a replay publishes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.dead_letters import MAX_DETAIL, NotADeadLetterError, dead_letter, original, parse
from schemas.envelope import Record
from schemas.errors import DeadLetterReason

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "ce_type", "x", "fakeme-dlq-reason", "fakeme-attempt"]),
        st.none() | st.binary(max_size=8),
    ),
    max_size=6,
).map(tuple)


def make_letter(record: Record, detail: str = "no JSON") -> Record:
    return dead_letter(
        topic=record.topic,
        partition=3,
        offset=17,
        timestamp_ms=1_795_402_800_000,
        key=record.key,
        value=record.value,
        headers=record.headers,
        reason=DeadLetterReason.NOT_JSON,
        detail=detail,
        attempts=2,
        dead_at=AT,
    )


@given(
    key=st.none() | st.binary(max_size=16),
    value=st.none() | st.binary(max_size=64),
    headers=HEADERS,
    detail=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
def test_parsing_restores_the_original_record(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...], detail: str
) -> None:
    record = Record("posts.created", key, value, headers)

    letter = parse(make_letter(record, detail))

    assert letter.record == record
    assert (letter.partition, letter.offset, letter.timestamp_ms) == (3, 17, 1_795_402_800_000)
    assert (letter.reason, letter.detail) == (DeadLetterReason.NOT_JSON, detail)
    assert (letter.attempts, letter.dead_at) == (2, AT)


def test_dead_letter_has_the_key_and_value_of_its_record() -> None:
    letter = make_letter(Record("posts.created", b"post-1", b"{", (("ce_id", b"e1"),)))

    assert (letter.topic, letter.key, letter.value) == ("dead-letters", b"post-1", b"{")
    assert letter.headers[0] == ("ce_id", b"e1")


def test_long_detail_is_truncated() -> None:
    letter = parse(make_letter(Record("posts.created", None, b"{", ()), detail="x" * (MAX_DETAIL + 1)))

    assert letter.detail == "x" * MAX_DETAIL


@pytest.mark.parametrize(
    ("topic", "original_topic"),
    [
        ("posts.created", "posts.created"),
        ("posts.created.detection.retry", "posts.created"),
        ("posts.tags.acme-amplifier.retry", "posts.tags"),
        ("posts.created.retry", "posts.created"),  # written by a release with shared retry topics
        ("moderation.decisions", "moderation.decisions"),
    ],
)
def test_replay_goes_to_the_original_topic_without_our_headers(topic: str, original_topic: str) -> None:
    headers = (("ce_id", b"e1"), ("fakeme-attempt", b"4"), ("x", None), ("x", b"2"), ("fakeme-due-ms", b"9"))

    replayed = original(parse(make_letter(Record(topic, b"post-1", b"{", headers))))

    assert replayed == Record(original_topic, b"post-1", b"{", (("ce_id", b"e1"), ("x", None), ("x", b"2")))


def test_record_without_our_headers_is_rejected() -> None:
    with pytest.raises(NotADeadLetterError, match=r"\['ce_id'\], not with fakeme-dlq-"):
        parse(Record("dead-letters", None, b"{", (("ce_id", b"e1"),)))


def test_invalid_header_is_rejected() -> None:
    letter = make_letter(Record("posts.created", None, b"{", ()))
    headers = tuple((name, b"soon" if name == "fakeme-dlq-dead-at" else raw) for name, raw in letter.headers)

    with pytest.raises(NotADeadLetterError, match="soon"):
        parse(Record("dead-letters", None, b"{", headers))
