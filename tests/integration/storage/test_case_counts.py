"""The number of undecided cases by state, for the dashboard."""

from schemas.moderation import CaseState, DecisionKind
from storage import cases
from storage.database import transaction
from tests.integration.storage.moderation_queue import ModerationQueue


def test_undecided_cases_are_counted_by_state(queue: ModerationQueue) -> None:
    queue.open("p1")
    queue.open("p2")
    queue.claim(queue.open("p3"), "kim")
    decided = queue.open("p4")
    queue.claim(decided, "kim")
    queue.decide(decided, "kim", DecisionKind.AUTHENTIC)

    with transaction(queue.engine) as session:
        counts = cases.waiting_counts(session)

    assert counts == {CaseState.OPEN: 2, CaseState.CLAIMED: 1, CaseState.ESCALATED: 0}


def test_empty_queue_has_zero_counts(queue: ModerationQueue) -> None:
    with transaction(queue.engine) as session:
        assert set(cases.waiting_counts(session).values()) == {0}
