"""Decisions: one for each claim, told to everybody."""

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
from tests.integration.storage.desk import Desk, at_once


@pytest.mark.parametrize(
    "kind", [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC, DecisionKind.REMOVE], ids=lambda kind: kind.value
)
def test_a_decision_is_kept_published_and_audited_together(desk: Desk, kind: DecisionKind) -> None:
    case_id = desk.open()
    desk.claim(case_id, "kim")

    made = desk.decide(case_id, "kim", kind)

    assert (made.decision, made.moderator, made.note, made.post_id) == (kind, "kim", "looked closely", "p1")
    assert desk.case(case_id).state == "decided"
    *_, published, change = desk.published()
    assert published == made
    assert (change.change, change.state) == (CaseChange.DECIDED, CaseState.DECIDED)
    with transaction(desk.engine) as session:
        [kept] = decisions.of_case(session, case_id)
        last = audit.entries(session, f"case:{case_id}")[-1]
    assert (kept.decision_id, kept.decision) == (made.decision_id, kind.value)
    assert (last.actor, last.action, last.detail["decision"]) == ("kim", "case.decided", kind.value)


def test_an_escalated_case_goes_back_above_all_others_and_stays_escalated(desk: Desk) -> None:
    # given
    escalated = desk.open("p1")
    desk.open("p2", reason=ReportReason.SEXUAL)
    desk.claim(escalated, "kim")
    # when
    made = desk.decide(escalated, "kim", DecisionKind.ESCALATE)
    # then
    case = desk.case(escalated)
    assert (case.state, case.leased_by, case.priority) == ("escalated", None, 226.0)
    assert [type(event).__name__ for event in desk.published()[-2:]] == ["DecisionMade", "CaseChanged"]
    assert desk.published()[-2] == made
    second = desk.claim_next("lee")
    assert second is not None
    assert second.case_id == escalated
    assert desk.release(escalated, "lee").state == "escalated"
    # and a report still joins it, a decision still ends it
    assert desk.open("p1", reporter="u2") == escalated
    desk.claim(escalated, "lee")
    desk.decide(escalated, "lee", DecisionKind.DEEPFAKE)
    with transaction(desk.engine) as session:
        kinds = [each.decision for each in decisions.of_case(session, escalated)]
    assert kinds == ["escalate", "deepfake"]


def test_deciding_twice_makes_one_decision(desk: Desk) -> None:
    case_id = desk.open()
    desk.claim(case_id, "kim")
    kinds = [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC, DecisionKind.DEEPFAKE]
    made = at_once([lambda kind=kind: desk.decide(case_id, "kim", kind) for kind in kinds])
    assert sorted(type(each).__name__ for each in made) == ["CaseDecidedError"] * 2 + ["DecisionMade"]
    assert desk.count(Decision) == 1


def test_what_stands_in_the_way_is_named(desk: Desk) -> None:
    unknown = uuid4()
    with pytest.raises(CaseNotFoundError, match=str(unknown)):
        desk.claim(unknown, "kim")
    case_id = desk.open()
    with pytest.raises(CaseNotClaimedError, match="nobody holds it"):
        desk.decide(case_id, "kim", DecisionKind.DEEPFAKE)
    desk.claim(case_id, "kim")
    with pytest.raises(CaseClaimedError, match="is with kim until"):
        desk.claim(case_id, "lee")
    with pytest.raises(CaseNotClaimedError, match="kim holds it"):
        desk.release(case_id, "lee")
    desk.expire(case_id)
    with pytest.raises(LeaseExpiredError, match="claim it again"):
        desk.decide(case_id, "kim", DecisionKind.DEEPFAKE)
    desk.claim(case_id, "kim")
    desk.decide(case_id, "kim", DecisionKind.DEEPFAKE)
    with pytest.raises(CaseDecidedError, match="decided already"):
        desk.claim(case_id, "lee")
    with pytest.raises(CaseDecidedError):
        desk.release(case_id, "kim")


def test_a_note_that_is_too_long_leaves_the_case_claimed(desk: Desk) -> None:
    case_id = desk.open()
    desk.claim(case_id, "kim")
    with pytest.raises(DecisionInvalidError, match=r"note: .*10000"):
        desk.decide(case_id, "kim", DecisionKind.REMOVE, "x" * 10_001)
    assert desk.case(case_id).state == "claimed"
