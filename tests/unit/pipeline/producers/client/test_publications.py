"""The same event always has the same record; different events never share an id."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.producers.client.events import publication
from schemas.envelope import decode
from schemas.posts import Media, PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.topics import MAX_EVENT_BYTES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CAT = Media(uri="s3://platform-media/cat.jpg", media_type="image/jpeg")
IDS = st.from_regex(r"[A-Za-z0-9_.:@-]{1,128}", fullmatch=True)


def events_with_id(name: str) -> list[PostEvent]:
    return [
        PostCreated(post_id=name, author_id="ann", media=(CAT,), created_at=NOW),
        PostReported(report_id=name, post_id="p1", reporter_id="bob", reason="sexual", reported_at=NOW),
        PostAppealed(appeal_id=name, post_id="p1", author_id="ann", appealed_at=NOW),
        PostReplayed(replay_id=name, post_id="p1", replayed_at=NOW),
    ]


@pytest.mark.parametrize(
    ("event", "topic", "key"),
    [
        (event, topic, key)
        for event, (topic, key) in zip(
            events_with_id("x7"),
            [
                ("posts.created", b"x7"),
                ("posts.reported", b"p1"),
                ("posts.appealed", b"p1"),
                ("posts.replayed", b"p1"),
            ],
            strict=True,
        )
    ],
)
def test_an_event_goes_to_its_topic_with_the_post_as_key(event: PostEvent, topic: str, key: bytes) -> None:
    encoded = publication(event, "//social.example")
    decoded = decode(encoded.message.headers, encoded.message.value)

    assert (encoded.message.topic, encoded.message.key) == (topic, key)
    assert (decoded.id, decoded.source, decoded.time) == (
        str(encoded.event_id),
        "//social.example",
        "2026-11-23T12:00:00+00:00",
    )
    assert decoded.body == event


def test_an_id_is_part_of_the_contract_with_platforms() -> None:
    """An implementation in another language must compute the same id."""
    encoded = publication(events_with_id("post-1")[0], "//social.example")

    assert encoded.event_id == UUID("dae2ef38-c885-5898-bbaa-5af800fce799")


@given(IDS)
def test_a_repeat_is_the_same_record(name: str) -> None:
    for event in events_with_id(name):
        assert publication(event, "//a") == publication(event.model_copy(), "//a")


@given(st.lists(IDS, min_size=2, max_size=5, unique=True))
def test_no_two_events_share_an_id(names: list[str]) -> None:
    events = [event for name in names for event in events_with_id(name)]

    assert len({publication(event, "//a").event_id for event in events}) == len(events)


def test_the_largest_valid_post_fits_its_topic() -> None:
    escaped = "\x01"  # a control character takes six bytes of JSON
    wide = Media(
        uri="s3://" + "b" * 63 + "/" + escaped * 1024,
        media_type="image/" + "x" * 64,
        alt_text=escaped * 2_000,
    )
    post = PostCreated(
        post_id="p" * 128,
        author_id="a" * 128,
        text=escaped * 10_000,
        hashtags=("#" + escaped * 139,) * 100,
        media=(wide.model_copy(update={"sha256": "0" * 64}),) * 20,
        created_at=NOW,
    )

    assert 500_000 < len(publication(post, "//a").message.value) <= MAX_EVENT_BYTES
