"""How many cases wait, as dashboards show it."""

from schemas.moderation import CaseState, DecisionKind
from storage import cases
from storage.database import transaction
from tests.integration.storage.desk import Desk


def test_cases_are_counted_by_the_state_in_which_they_wait(desk: Desk) -> None:
    desk.open("p1")
    desk.open("p2")
    desk.claim(desk.open("p3"), "kim")
    decided = desk.open("p4")
    desk.claim(decided, "kim")
    desk.decide(decided, "kim", DecisionKind.AUTHENTIC)

    with transaction(desk.engine) as session:
        numbers = cases.numbers(session)

    assert numbers == {CaseState.OPEN: 2, CaseState.CLAIMED: 1, CaseState.ESCALATED: 0}


def test_an_empty_queue_is_told_too(desk: Desk) -> None:
    with transaction(desk.engine) as session:
        assert set(cases.numbers(session).values()) == {0}
