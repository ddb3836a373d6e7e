"""Event ids never change: a new scheme would make all consumers process old events again."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import (
    case_event_id,
    case_id,
    cause_id,
    decision_id,
    post_event_id,
    shadow_id,
    surge_id,
    tag_event_id,
    verdict_id,
)

CAUSE = UUID(int=1)
PART = st.text(alphabet=st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("identify", "expected"),
    [
        (lambda: post_event_id("posts.created", "post-1"), "dae2ef38-c885-5898-bbaa-5af800fce799"),
        (lambda: verdict_id("post-1", ["aa", "bb"], "net@1", "e1"), "3e0152d2-6747-5fd0-93f2-21b6559fa0be"),
        (lambda: shadow_id("post-1", ["aa", "bb"], "net@1", "e1"), "b8a7eb8b-0b55-567d-8880-d1fc920a4b87"),
        (lambda: tag_event_id("post-1", "add", CAUSE), "5a1c031f-e817-5416-a795-48a87ed30ce9"),
        (lambda: case_id("post-1", "e1"), "ef7437a7-9952-5c94-9a88-792fa1ea859d"),
        (lambda: case_event_id(CAUSE, "opened", "e1"), "5ffbe078-2daa-53d7-b494-c4df169fe8c7"),
        (lambda: cause_id("reported", "https://a", "e1"), "b1738f44-1585-5497-befe-65c9588d00b8"),
        (lambda: decision_id(CAUSE, "m", "t"), "459f56ca-9c79-5b5a-b3bc-0d5e771d9b60"),
        (lambda: surge_id("post-1", "w"), "ff218da0-feed-5846-87b6-a8c4bae1deb6"),
    ],
    ids=["post event", "verdict", "shadow", "tag", "case", "case event", "cause", "decision", "surge"],
)
def test_ids_do_not_change(identify: Callable[[], UUID], expected: str) -> None:
    assert str(identify()) == expected


def test_ids_are_uuid_version_5() -> None:
    assert post_event_id("posts.created", "post-1").version == 5


@given(first=st.tuples(PART, PART), second=st.tuples(PART, PART))
def test_ids_are_equal_only_for_equal_parts(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert (post_event_id(*first) == post_event_id(*second)) is (first == second)


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
EVENT = st.tuples(st.sampled_from(["created", "reported"]), ANY_TEXT, ANY_TEXT)


@given(first=EVENT, second=EVENT)
def test_causes_are_equal_only_for_equal_events(
    first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    """Senders choose source and id, also with separators in them."""
    assert (cause_id(*first) == cause_id(*second)) is (first == second)


def test_separator_in_a_source_does_not_make_two_events_one() -> None:
    assert cause_id("reported", "a\x1fb", "c") != cause_id("reported", "a", "b\x1fc")


def test_parts_are_separated() -> None:
    assert case_id("post-1", "2") != case_id("post-", "12")


@pytest.mark.parametrize(
    "other",
    [
        verdict_id("post-2", ["aa"], "net@1", "e1"),
        verdict_id("post-1", ["ab"], "net@1", "e1"),
        verdict_id("post-1", ["aa", "aa"], "net@1", "e1"),
        verdict_id("post-1", ["aa"], "net@2", "e1"),
        verdict_id("post-1", ["aa"], "net@1", "e2"),
    ],
    ids=["post", "bytes", "number of media items", "model", "trigger"],
)
def test_verdict_id_depends_on_every_part(other: UUID) -> None:
    assert other != verdict_id("post-1", ["aa"], "net@1", "e1")
