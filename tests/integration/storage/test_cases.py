"""Cases: signals open one or join it, also at the same time, and the queue has one order."""

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


def test_a_report_opens_a_case_and_says_so(queue: ModerationQueue) -> None:
    change = queue.take(report(reason=ReportReason.SEXUAL, event="e1"))

    assert change is not None
    case = queue.case(change.case_id)
    assert (case.post_id, case.origin, case.state) == ("p1", "report", "open")
    assert (case.reasons, case.reporters, case.score, case.priority) == (["sexual"], 1, None, 61.0)
    assert queue.published() == [change]
    assert (change.change, change.state, change.priority) == (CaseChange.OPENED, CaseState.OPEN, 61.0)
    with transaction(queue.engine) as session:
        [entry] = audit.entries(session, f"case:{case.case_id}")
    assert (entry.actor, entry.action, entry.detail["cause"]) == ("fakeme", "case.opened", "e1")


def test_what_follows_joins_the_open_case_and_raises_it(queue: ModerationQueue) -> None:
    # given
    case_id = queue.open()
    # when the same person reports again, another one does, and so on
    signals = [
        report(reporter="u1"),
        report(reporter="u2", reason=ReportReason.IMPERSONATION),
        verdict(score=0.7),
        surge(reporters=7),
        appeal(),
        verdict(score=0.2, suspected=False),
    ]
    changes = [queue.take(signal) for signal in signals]
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


def test_a_repeated_event_changes_nothing(queue: ModerationQueue) -> None:
    signal = report()
    first = queue.take(signal)
    assert queue.take(signal) is None
    assert queue.published() == [first]
    assert queue.count(AuditEntry) == 1


def test_a_verdict_that_needs_nobody_opens_nothing(queue: ModerationQueue) -> None:
    assert queue.take(verdict(score=0.99, suspected=False)) is None
    assert queue.count(Case) == 0


def test_an_event_repeated_after_the_decision_opens_no_second_case(queue: ModerationQueue) -> None:
    signal = report()
    change = queue.take(signal)
    assert change is not None
    queue.claim(change.case_id, "kim")
    queue.decide(change.case_id, "kim", DecisionKind.AUTHENTIC)
    assert queue.take(signal) is None
    assert queue.count(Case) == 1


def test_after_a_decision_people_open_another_case_and_verdicts_do_not(
    queue: ModerationQueue,
) -> None:
    case_id = queue.open()
    queue.claim(case_id, "kim")
    queue.decide(case_id, "kim", DecisionKind.AUTHENTIC)
    assert queue.take(verdict()) is None
    assert queue.open() != case_id


def test_signals_at_the_same_time_make_one_case(queue: ModerationQueue) -> None:
    signals = [report(reporter=f"u{number}") for number in range(8)]

    changes = at_once([lambda signal=signal: queue.take(signal) for signal in signals])

    kinds = sorted(change.change for change in changes if isinstance(change, CaseChanged))
    assert kinds == [CaseChange.JOINED] * 7 + [CaseChange.OPENED]
    assert (queue.count(Case), queue.count(CaseSignal)) == (1, 8)
    with transaction(queue.engine) as session:
        assert session.scalars(select(Case.reporters)).one() == 8


def test_the_same_event_handled_twice_at_the_same_time_counts_once(queue: ModerationQueue) -> None:
    signal = report()
    changes = at_once([lambda: queue.take(signal)] * 6)
    assert sorted(type(change).__name__ for change in changes) == ["CaseChanged"] + ["NoneType"] * 5
    assert (queue.count(Case), queue.count(CaseSignal)) == (1, 1)


def test_the_queue_is_ordered_by_priority_with_age(queue: ModerationQueue) -> None:
    # given a light case that has waited 30 hours (60 points), a grave fresh one and a light fresh one
    light_old = queue.open("p1")
    grave = queue.open("p2", reason=ReportReason.SEXUAL)
    light = queue.open("p3")
    queue.age(light_old, timedelta(hours=30))
    # when
    with transaction(queue.engine) as session:
        queued = [case.case_id for case in cases.queue(session, [CaseState.OPEN], 10)]
        claimed = [leases.claim_next(session, "kim", LEASE, source=SOURCE) for _ in range(4)]
    # then
    assert queued == [light_old, grave, light]
    assert [case and case.case_id for case in claimed] == [light_old, grave, light, None]


def test_sql_and_python_add_age_alike(queue: ModerationQueue) -> None:
    case_id = queue.open()
    queue.age(case_id, timedelta(hours=7))
    with transaction(queue.engine) as session:
        points, case = session.execute(select(cases.AGED_PRIORITY, Case)).one()
    assert points == pytest.approx(aged(case.priority, timedelta(hours=7)))
