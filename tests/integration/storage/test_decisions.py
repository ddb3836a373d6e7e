"""Decisions: one for each claim, stored, published and audited."""

from uuid import uuid4

import pytest

from schemas.moderation import CaseChange, CaseState, DecisionKind
from schemas.posts import ReportReason
from storage import audit, decisions
from storage.database import transaction
from storage.errors import (
    CaseClaimedError,
    CaseDecidedError,
    CaseNotClaimedError,
    CaseNotFoundError,
    DecisionInvalidError,
    LeaseExpiredError,
)
from storage.tables import Decision
from tests.integration.storage.moderation_queue import ModerationQueue, at_once


@pytest.mark.parametrize(
    "kind", [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC, DecisionKind.REMOVE], ids=lambda kind: kind.value
)
def test_decision_is_stored_published_and_audited_together(
    queue: ModerationQueue, kind: DecisionKind
) -> None:
    case_id = queue.open()
    queue.claim(case_id, "kim")

    made = queue.decide(case_id, "kim", kind)

    assert (made.decision, made.moderator, made.note, made.post_id) == (kind, "kim", "looked closely", "p1")
    assert queue.case(case_id).state == "decided"
    *_, published, change = queue.published()
    assert published == made
    assert (change.change, change.state) == (CaseChange.DECIDED, CaseState.DECIDED)
    with transaction(queue.engine) as session:
        [kept] = decisions.of_case(session, case_id)
        last = audit.entries(session, f"case:{case_id}")[-1]
    assert (kept.decision_id, kept.decision) == (made.decision_id, kind.value)
    assert (last.actor, last.action, last.detail["decision"]) == ("kim", "case.decided", kind.value)


def test_escalated_case_returns_to_the_top_and_stays_escalated(
    queue: ModerationQueue,
) -> None:
    # given
    escalated = queue.open("p1")
    queue.open("p2", reason=ReportReason.SEXUAL)
    queue.claim(escalated, "kim")
    # when
    made = queue.decide(escalated, "kim", DecisionKind.ESCALATE)
    # then
    case = queue.case(escalated)
    assert (case.state, case.leased_by, case.priority) == ("escalated", None, 226.0)
    assert [type(event).__name__ for event in queue.published()[-2:]] == [
        "DecisionMade",
        "CaseChanged",
    ]
    assert queue.published()[-2] == made
    second = queue.claim_next("lee")
    assert second is not None
    assert second.case_id == escalated
    assert queue.release(escalated, "lee").state == "escalated"
    # and a report still joins it, a decision still ends it
    assert queue.open("p1", reporter="u2") == escalated
    queue.claim(escalated, "lee")
    queue.decide(escalated, "lee", DecisionKind.DEEPFAKE)
    with transaction(queue.engine) as session:
        kinds = [decision.decision for decision in decisions.of_case(session, escalated)]
    assert kinds == ["escalate", "deepfake"]


def test_concurrent_decisions_store_one_decision(queue: ModerationQueue) -> None:
    case_id = queue.open()
    queue.claim(case_id, "kim")
    kinds = [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC, DecisionKind.DEEPFAKE]
    results = at_once([lambda kind=kind: queue.decide(case_id, "kim", kind) for kind in kinds])
    assert sorted(type(result).__name__ for result in results) == ["CaseDecidedError"] * 2 + ["DecisionMade"]
    assert queue.count(Decision) == 1


def test_each_obstacle_raises_its_error(queue: ModerationQueue) -> None:
    unknown = uuid4()
    with pytest.raises(CaseNotFoundError, match=str(unknown)):
        queue.claim(unknown, "kim")
    case_id = queue.open()
    with pytest.raises(CaseNotClaimedError, match="unclaimed"):
        queue.decide(case_id, "kim", DecisionKind.DEEPFAKE)
    queue.claim(case_id, "kim")
    with pytest.raises(CaseClaimedError, match="is claimed by kim until"):
        queue.claim(case_id, "lee")
    with pytest.raises(CaseNotClaimedError, match="claimed by kim"):
        queue.release(case_id, "lee")
    queue.expire(case_id)
    with pytest.raises(LeaseExpiredError, match="claim it again"):
        queue.decide(case_id, "kim", DecisionKind.DEEPFAKE)
    queue.claim(case_id, "kim")
    queue.decide(case_id, "kim", DecisionKind.DEEPFAKE)
    with pytest.raises(CaseDecidedError, match="already decided"):
        queue.claim(case_id, "lee")
    with pytest.raises(CaseDecidedError):
        queue.release(case_id, "kim")


def test_too_long_note_leaves_the_case_claimed(queue: ModerationQueue) -> None:
    case_id = queue.open()
    queue.claim(case_id, "kim")
    with pytest.raises(DecisionInvalidError, match=r"note: .*10000"):
        queue.decide(case_id, "kim", DecisionKind.REMOVE, "x" * 10_001)
    assert queue.case(case_id).state == "claimed"
