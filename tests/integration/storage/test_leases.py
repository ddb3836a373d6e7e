"""Leases: one moderator works on a case for a limited time."""

import pytest

from schemas.moderation import CaseChange, DecisionKind
from storage.errors import (
    CaseNotClaimedError,
)
from storage.tables import Case
from tests.integration.storage.moderation_queue import ModerationQueue, at_once


def test_concurrent_claims_never_get_the_same_case(queue: ModerationQueue) -> None:
    opened = {queue.open(f"p{number}") for number in range(5)}

    claimed = at_once([lambda name=name: queue.claim_next(name) for name in "abcdefgh"])

    ids = [case.case_id for case in claimed if isinstance(case, Case)]
    assert len(ids) == len(set(ids)) == 5
    assert set(ids) == opened
    assert [case for case in claimed if not isinstance(case, Case)] == [None] * 3


def test_concurrent_claims_of_one_case_have_one_winner(queue: ModerationQueue) -> None:
    case_id = queue.open()
    claimed = at_once([lambda name=name: queue.claim(case_id, name) for name in "abcd"])
    assert sorted(type(result).__name__ for result in claimed) == ["Case"] + ["CaseClaimedError"] * 3


def test_repeated_claim_renews_the_lease_without_an_event(queue: ModerationQueue) -> None:
    case_id = queue.open()
    first = queue.claim(case_id, "kim")
    again = queue.claim(case_id, "kim")
    assert again.lease_token == first.lease_token
    assert again.leased_until is not None
    assert first.leased_until is not None
    assert again.leased_until > first.leased_until
    assert [event.change for event in queue.published()] == [CaseChange.OPENED, CaseChange.CLAIMED]


def test_expired_lease_can_be_claimed_by_another_moderator(queue: ModerationQueue) -> None:
    case_id = queue.open()
    first = queue.claim(case_id, "kim")
    assert queue.claim_next("lee") is None
    queue.expire(case_id)
    second = queue.claim_next("lee")
    assert second is not None
    assert (second.case_id, second.leased_by) == (case_id, "lee")
    assert second.lease_token != first.lease_token
    with pytest.raises(CaseNotClaimedError, match="not claimed by kim \\(claimed by lee\\)"):
        queue.decide(case_id, "kim", DecisionKind.DEEPFAKE)


def test_released_case_is_open_again(queue: ModerationQueue) -> None:
    case_id = queue.open()
    queue.claim(case_id, "kim")
    released = queue.release(case_id, "kim")
    assert (released.state, released.leased_by, released.lease_token) == ("open", None, None)
    assert queue.published()[-1].change is CaseChange.RELEASED
