"""Cases: signals open or join them, also concurrently, and the queue is ordered by priority."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from schemas.moderation import CaseChange, CaseChanged, CaseState, DecisionKind
from schemas.posts import ReportReason
from storage import audit, cases, leases
from storage.database import transaction
from storage.priority import aged
from storage.tables import AuditEntry, Case, CaseSignal
from tests.integration.storage.moderation_queue import (
    LEASE,
    SOURCE,
    ModerationQueue,
    appeal,
    at_once,
    report,
    surge,
    verdict,
)


def test_report_opens_and_publishes_a_case(queue: ModerationQueue) -> None:
    change = queue.apply_signal(report(reason=ReportReason.SEXUAL, event="e1"))

    assert change is not None
    case = queue.case(change.case_id)
    assert (case.post_id, case.origin, case.state) == ("p1", "report", "open")
    assert (case.reasons, case.reporters, case.score, case.priority) == (["sexual"], 1, None, 61.0)
    assert queue.published() == [change]
    assert (change.change, change.state, change.priority) == (CaseChange.OPENED, CaseState.OPEN, 61.0)
    with transaction(queue.engine) as session:
        [entry] = audit.entries(session, f"case:{case.case_id}")
    assert (entry.actor, entry.action, entry.detail["cause"]) == ("fakeme", "case.opened", "e1")


def test_later_signals_join_the_open_case_and_raise_its_priority(queue: ModerationQueue) -> None:
    # given
    case_id = queue.open()
    # when more signals arrive, also from the same reporter
    signals = [
        report(reporter="u1"),
        report(reporter="u2", reason=ReportReason.IMPERSONATION),
        verdict(score=0.7),
        surge(reporters=7),
        appeal(),
        verdict(score=0.2, suspected=False),
    ]
    changes = [queue.apply_signal(signal) for signal in signals]
    # then
    assert [(change.case_id, change.change) for change in changes if change] == [
        (case_id, CaseChange.JOINED)
    ] * 6
    assert [change.reporters for change in changes if change] == [1, 2, 2, 7, 7, 7]
    assert [change.score for change in changes if change] == [None, None, 0.7, 0.7, 0.7, 0.7]
    case = queue.case(case_id)
    assert case.reasons == ["other", "impersonation"]
    assert (case.surged, case.appealed) == (True, True)
    assert case.priority == pytest.approx(25 + 30 * 0.7 + 6 * 3 + 20 + 10)


def test_repeated_event_changes_nothing(queue: ModerationQueue) -> None:
    signal = report()
    first = queue.apply_signal(signal)
    assert queue.apply_signal(signal) is None
    assert queue.published() == [first]
    assert queue.count(AuditEntry) == 1


def test_certain_verdict_opens_no_case(queue: ModerationQueue) -> None:
    assert queue.apply_signal(verdict(score=0.99, suspected=False)) is None
    assert queue.count(Case) == 0


def test_event_repeated_after_the_decision_opens_no_second_case(queue: ModerationQueue) -> None:
    signal = report()
    change = queue.apply_signal(signal)
    assert change is not None
    queue.claim(change.case_id, "kim")
    queue.decide(change.case_id, "kim", DecisionKind.AUTHENTIC)
    assert queue.apply_signal(signal) is None
    assert queue.count(Case) == 1


def test_only_people_open_a_case_after_a_decision(
    queue: ModerationQueue,
) -> None:
    case_id = queue.open()
    queue.claim(case_id, "kim")
    queue.decide(case_id, "kim", DecisionKind.AUTHENTIC)
    assert queue.apply_signal(verdict()) is None
    assert queue.open() != case_id


def test_concurrent_signals_open_one_case(queue: ModerationQueue) -> None:
    signals = [report(reporter=f"u{number}") for number in range(8)]

    changes = at_once([lambda signal=signal: queue.apply_signal(signal) for signal in signals])

    kinds = sorted(change.change for change in changes if isinstance(change, CaseChanged))
    assert kinds == [CaseChange.JOINED] * 7 + [CaseChange.OPENED]
    assert (queue.count(Case), queue.count(CaseSignal)) == (1, 8)
    with transaction(queue.engine) as session:
        assert session.scalars(select(Case.reporters)).one() == 8


def test_concurrent_deliveries_of_one_event_count_once(queue: ModerationQueue) -> None:
    signal = report()
    changes = at_once([lambda: queue.apply_signal(signal)] * 6)
    assert sorted(type(change).__name__ for change in changes) == ["CaseChanged"] + ["NoneType"] * 5
    assert (queue.count(Case), queue.count(CaseSignal)) == (1, 1)


def test_queue_is_ordered_by_priority_and_age(queue: ModerationQueue) -> None:
    # given a minor case that has waited 30 hours (60 points), a new severe one and a new minor one
    minor_old = queue.open("p1")
    severe = queue.open("p2", reason=ReportReason.SEXUAL)
    minor = queue.open("p3")
    queue.age(minor_old, timedelta(hours=30))
    # when
    with transaction(queue.engine) as session:
        queued = [case.case_id for case in cases.queue(session, [CaseState.OPEN], 10)]
        claimed = [leases.claim_next(session, "kim", LEASE, source=SOURCE) for _ in range(4)]
    # then
    assert queued == [minor_old, severe, minor]
    assert [case and case.case_id for case in claimed] == [minor_old, severe, minor, None]


def test_sql_and_python_compute_the_same_aged_priority(queue: ModerationQueue) -> None:
    case_id = queue.open()
    queue.age(case_id, timedelta(hours=7))
    with transaction(queue.engine) as session:
        points, case = session.execute(select(cases.AGED_PRIORITY, Case)).one()
    assert points == pytest.approx(aged(case.priority, timedelta(hours=7)))
