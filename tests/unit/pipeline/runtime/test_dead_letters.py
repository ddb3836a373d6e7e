"""A dead letter keeps its record byte for byte, and gives it back for a replay."""

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


def buried(record: Record, detail: str = "no JSON") -> Record:
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
def test_the_record_comes_back_as_it_was(
    key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...], detail: str
) -> None:
    record = Record("posts.created", key, value, headers)

    letter = parse(buried(record, detail))

    assert letter.record == record
    assert (letter.partition, letter.offset, letter.timestamp_ms) == (3, 17, 1_795_402_800_000)
    assert (letter.reason, letter.detail) == (DeadLetterReason.NOT_JSON, detail)
    assert (letter.attempts, letter.dead_at) == (2, AT)


def test_it_keeps_the_key_so_that_a_posts_letters_stay_in_order() -> None:
    letter = buried(Record("posts.created", b"post-1", b"{", (("ce_id", b"e1"),)))

    assert (letter.topic, letter.key, letter.value) == ("dead-letters", b"post-1", b"{")
    assert letter.headers[0] == ("ce_id", b"e1")


def test_a_long_detail_is_cut() -> None:
    letter = parse(buried(Record("posts.created", None, b"{", ()), detail="x" * (MAX_DETAIL + 1)))

    assert letter.detail == "x" * MAX_DETAIL


@pytest.mark.parametrize(
    ("topic", "back_to"),
    [
        ("posts.created", "posts.created"),
        ("posts.created.retry", "posts.created"),
        ("moderation.decisions", "moderation.decisions"),
    ],
)
def test_a_replay_goes_to_the_first_topic_without_our_marks(topic: str, back_to: str) -> None:
    headers = (("ce_id", b"e1"), ("fakeme-attempt", b"4"), ("x", None), ("x", b"2"), ("fakeme-due-ms", b"9"))

    replayed = original(parse(buried(Record(topic, b"post-1", b"{", headers))))

    assert replayed == Record(back_to, b"post-1", b"{", (("ce_id", b"e1"), ("x", None), ("x", b"2")))


def test_a_foreign_record_is_named_as_such() -> None:
    with pytest.raises(NotADeadLetterError, match=r"\['ce_id'\], not with fakeme-dlq-"):
        parse(Record("dead-letters", None, b"{", (("ce_id", b"e1"),)))


def test_a_mark_that_cannot_be_read_is_named() -> None:
    letter = buried(Record("posts.created", None, b"{", ()))
    marks = tuple((name, b"soon" if name == "fakeme-dlq-dead-at" else raw) for name, raw in letter.headers)

    with pytest.raises(NotADeadLetterError, match="soon"):
        parse(Record("dead-letters", None, b"{", marks))
