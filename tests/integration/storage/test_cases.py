"""Cases against PostgreSQL: opening, joining, claiming, deciding, and all of these at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, update

from schemas.envelope import decode
from schemas.moderation import CaseChange, CaseChanged, CaseOrigin, CaseState, DecisionKind, DecisionMade
from schemas.posts import ReportReason
from storage import audit, cases, decisions, leases, outbox
from storage.database import transaction
from storage.errors import (
    CaseClaimedError,
    CaseDecidedError,
    CaseNotClaimedError,
    CaseNotFoundError,
    DecisionInvalidError,
    LeaseExpiredError,
)
from storage.priority import aged
from storage.signals import Signal, SignalKind
from storage.tables import AuditEntry, Case, CaseSignal, Decision

T = TypeVar("T")
SOURCE = "tests"
LEASE = timedelta(minutes=15)


def _report(
    post: str = "p1", reporter: str = "u1", reason: ReportReason = ReportReason.OTHER, event: str = ""
) -> Signal:
    body = {"reporter_id": reporter}
    return Signal(
        event or str(uuid4()), post, SignalKind.REPORT, CaseOrigin.REPORT, body, reason=reason, score=None
    )


def _verdict(post: str = "p1", score: float = 0.6, *, suspected: bool = True) -> Signal:
    opens = CaseOrigin.SUSPICION if suspected else None
    return Signal(str(uuid4()), post, SignalKind.VERDICT, opens, {}, score=score)


def _take(engine: Engine, signal: Signal) -> CaseChanged | None:
    with transaction(engine) as session:
        return cases.take(session, signal, source=SOURCE)


def _open(engine: Engine, post: str = "p1", **more: Any) -> UUID:
    change = _take(engine, _report(post, **more))
    assert change is not None
    return change.case_id


def _claim(engine: Engine, case_id: UUID, moderator: str) -> Case:
    with transaction(engine) as session:
        return leases.claim(session, case_id, moderator, LEASE, source=SOURCE)


def _claim_next(engine: Engine, moderator: str) -> Case | None:
    with transaction(engine) as session:
        return leases.claim_next(session, moderator, LEASE, source=SOURCE)


def _release(engine: Engine, case_id: UUID, moderator: str) -> Case:
    with transaction(engine) as session:
        return leases.release(session, case_id, moderator, source=SOURCE)


def _decide(engine: Engine, case_id: UUID, moderator: str, kind: DecisionKind) -> DecisionMade:
    with transaction(engine) as session:
        return decisions.decide(session, case_id, moderator, kind, "looked closely", source=SOURCE)


def _case(engine: Engine, case_id: UUID) -> Case:
    with transaction(engine) as session:
        return cases.find(session, case_id)


def _published(engine: Engine) -> list[Any]:
    with transaction(engine) as session:
        return [
            decode(row.message.headers, row.message.value).body for row in outbox.unpublished(session, 100)
        ]


def _count(engine: Engine, table: type) -> int:
    with transaction(engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def _expire(engine: Engine, case_id: UUID) -> None:
    with transaction(engine) as session:
        ended = func.now() - timedelta(seconds=1)
        session.execute(update(Case).where(Case.case_id == case_id).values(leased_until=ended))


def _at_once(work: list[Callable[[], T]]) -> list[T | Exception]:
    start = Barrier(len(work))

    def run(one: Callable[[], T]) -> T | Exception:
        start.wait(10)
        try:
            return one()
        except Exception as error:  # noqa: BLE001 - what each thread met is what the test looks at
            return error

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))


# -- opening and joining


def test_a_report_opens_a_case_and_says_so(engine: Engine) -> None:
    change = _take(engine, _report(reason=ReportReason.SEXUAL, event="e1"))

    assert change is not None
    case = _case(engine, change.case_id)
    assert (case.post_id, case.origin, case.state) == ("p1", "report", "open")
    assert (case.reasons, case.reporters, case.score, case.priority) == (["sexual"], 1, None, 61.0)
    assert _published(engine) == [change]
    assert (change.change, change.state, change.priority) == (CaseChange.OPENED, CaseState.OPEN, 61.0)
    with transaction(engine) as session:
        [entry] = audit.entries(session, f"case:{case.case_id}")
    assert (entry.actor, entry.action, entry.detail["cause"]) == ("fakeme", "case.opened", "e1")


def test_what_follows_joins_the_open_case_and_raises_it(engine: Engine) -> None:
    # given
    case_id = _open(engine)
    # when the same person reports again, another one does, and so on
    signals = [
        _report(reporter="u1"),
        _report(reporter="u2", reason=ReportReason.IMPERSONATION),
        _verdict(score=0.7),
        Signal(str(uuid4()), "p1", SignalKind.SURGE, CaseOrigin.REPORT, {}, reporters=7),
        Signal(str(uuid4()), "p1", SignalKind.APPEAL, CaseOrigin.APPEAL, {}),
        _verdict(score=0.2, suspected=False),
    ]
    changes = [_take(engine, signal) for signal in signals]
    # then
    assert [(change.case_id, change.change) for change in changes if change] == [
        (case_id, CaseChange.JOINED)
    ] * 6
    assert [change.reporters for change in changes if change] == [1, 2, 2, 7, 7, 7]
    assert [change.score for change in changes if change] == [None, None, 0.7, 0.7, 0.7, 0.7]
    case = _case(engine, case_id)
    assert case.reasons == ["other", "impersonation"]
    assert (case.surged, case.appealed) == (True, True)
    assert case.priority == pytest.approx(25 + 30 * 0.7 + 6 * 3 + 20 + 10)


def test_a_repeated_event_changes_nothing(engine: Engine) -> None:
    signal = _report()
    first = _take(engine, signal)
    assert _take(engine, signal) is None
    assert _published(engine) == [first]
    assert _count(engine, AuditEntry) == 1


def test_a_verdict_that_needs_nobody_opens_nothing(engine: Engine) -> None:
    assert _take(engine, _verdict(score=0.99, suspected=False)) is None
    assert _count(engine, Case) == 0


def test_an_event_repeated_after_the_decision_opens_no_second_case(engine: Engine) -> None:
    signal = _report()
    change = _take(engine, signal)
    assert change is not None
    _claim(engine, change.case_id, "kim")
    _decide(engine, change.case_id, "kim", DecisionKind.AUTHENTIC)
    assert _take(engine, signal) is None
    assert _count(engine, Case) == 1


def test_after_a_decision_people_open_another_case_and_verdicts_do_not(engine: Engine) -> None:
    case_id = _open(engine)
    _claim(engine, case_id, "kim")
    _decide(engine, case_id, "kim", DecisionKind.AUTHENTIC)
    assert _take(engine, _verdict()) is None
    assert _open(engine) != case_id


def test_signals_at_the_same_time_make_one_case(engine: Engine) -> None:
    signals = [_report(reporter=f"u{number}") for number in range(8)]

    changes = _at_once([lambda signal=signal: _take(engine, signal) for signal in signals])

    kinds = sorted(change.change for change in changes if isinstance(change, CaseChanged))
    assert kinds == [CaseChange.JOINED] * 7 + [CaseChange.OPENED]
    assert (_count(engine, Case), _count(engine, CaseSignal)) == (1, 8)
    with transaction(engine) as session:
        assert session.scalars(select(Case.reporters)).one() == 8


def test_the_same_event_handled_twice_at_the_same_time_counts_once(engine: Engine) -> None:
    signal = _report()
    changes = _at_once([lambda: _take(engine, signal)] * 6)
    assert sorted(type(change).__name__ for change in changes) == ["CaseChanged"] + ["NoneType"] * 5
    assert (_count(engine, Case), _count(engine, CaseSignal)) == (1, 1)


# -- the order of the queue


def test_the_queue_is_ordered_by_priority_with_age(engine: Engine) -> None:
    # given a light case that has waited 30 hours (60 points), a grave fresh one and a light fresh one
    light_old = _open(engine, "p1")
    grave = _open(engine, "p2", reason=ReportReason.SEXUAL)
    light = _open(engine, "p3")
    with transaction(engine) as session:
        opened = func.now() - timedelta(hours=30)
        session.execute(update(Case).where(Case.case_id == light_old).values(opened_at=opened))
    # when
    with transaction(engine) as session:
        queue = [case.case_id for case in cases.queue(session, [CaseState.OPEN], 10)]
        claimed = [leases.claim_next(session, "kim", LEASE, source=SOURCE) for _ in range(4)]
    # then
    assert queue == [light_old, grave, light]
    assert [case and case.case_id for case in claimed] == [light_old, grave, light, None]


def test_sql_and_python_add_age_alike(engine: Engine) -> None:
    case_id = _open(engine)
    with transaction(engine) as session:
        opened = func.now() - timedelta(hours=7)
        session.execute(update(Case).where(Case.case_id == case_id).values(opened_at=opened))
        points, case = session.execute(select(-cases.QUEUE_ORDER[0].element, Case)).one()
    assert -points == pytest.approx(aged(case.priority, timedelta(hours=7)))


# -- claiming


def test_claimers_at_the_same_time_never_get_the_same_case(engine: Engine) -> None:
    opened = {_open(engine, f"p{number}") for number in range(5)}

    claimed = _at_once([lambda name=name: _claim_next(engine, name) for name in "abcdefgh"])

    ids = [case.case_id for case in claimed if isinstance(case, Case)]
    assert len(ids) == len(set(ids)) == 5
    assert set(ids) == opened
    assert [case for case in claimed if not isinstance(case, Case)] == [None] * 3


def test_one_given_case_goes_to_one_moderator(engine: Engine) -> None:
    case_id = _open(engine)
    claimed = _at_once([lambda name=name: _claim(engine, case_id, name) for name in "abcd"])
    assert sorted(type(each).__name__ for each in claimed) == ["Case"] + ["CaseClaimedError"] * 3


def test_claiming_again_prolongs_the_own_lease_quietly(engine: Engine) -> None:
    case_id = _open(engine)
    first = _claim(engine, case_id, "kim")
    again = _claim(engine, case_id, "kim")
    assert again.lease_token == first.lease_token
    assert again.leased_until is not None
    assert first.leased_until is not None
    assert again.leased_until > first.leased_until
    assert [event.change for event in _published(engine)] == [CaseChange.OPENED, CaseChange.CLAIMED]


def test_an_ended_lease_is_anybodys_again(engine: Engine) -> None:
    case_id = _open(engine)
    first = _claim(engine, case_id, "kim")
    assert _claim_next(engine, "lee") is None
    _expire(engine, case_id)
    second = _claim_next(engine, "lee")
    assert second is not None
    assert (second.case_id, second.leased_by) == (case_id, "lee")
    assert second.lease_token != first.lease_token
    with pytest.raises(CaseNotClaimedError, match="not claimed by kim \\(lee holds it\\)"):
        _decide(engine, case_id, "kim", DecisionKind.DEEPFAKE)


def test_a_released_case_is_open_again(engine: Engine) -> None:
    case_id = _open(engine)
    _claim(engine, case_id, "kim")
    released = _release(engine, case_id, "kim")
    assert (released.state, released.leased_by, released.lease_token) == ("open", None, None)
    assert _published(engine)[-1].change is CaseChange.RELEASED


# -- deciding


@pytest.mark.parametrize(
    "kind", [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC, DecisionKind.REMOVE], ids=lambda kind: kind.value
)
def test_a_decision_is_kept_published_and_audited_together(engine: Engine, kind: DecisionKind) -> None:
    case_id = _open(engine)
    _claim(engine, case_id, "kim")

    made = _decide(engine, case_id, "kim", kind)

    assert (made.decision, made.moderator, made.note, made.post_id) == (kind, "kim", "looked closely", "p1")
    assert _case(engine, case_id).state == "decided"
    *_, published, change = _published(engine)
    assert published == made
    assert (change.change, change.state) == (CaseChange.DECIDED, CaseState.DECIDED)
    with transaction(engine) as session:
        [kept] = decisions.of_case(session, case_id)
        last = audit.entries(session, f"case:{case_id}")[-1]
    assert (kept.decision_id, kept.decision) == (made.decision_id, kind.value)
    assert (last.actor, last.action, last.detail["decision"]) == ("kim", "case.decided", kind.value)


def test_an_escalated_case_goes_back_above_all_others_and_stays_escalated(engine: Engine) -> None:
    # given
    escalated = _open(engine, "p1")
    _open(engine, "p2", reason=ReportReason.SEXUAL)
    _claim(engine, escalated, "kim")
    # when
    made = _decide(engine, escalated, "kim", DecisionKind.ESCALATE)
    # then
    case = _case(engine, escalated)
    assert (case.state, case.leased_by, case.priority) == ("escalated", None, 226.0)
    assert [type(event).__name__ for event in _published(engine)[-2:]] == ["DecisionMade", "CaseChanged"]
    assert _published(engine)[-2] == made
    second = _claim_next(engine, "lee")
    assert second is not None
    assert second.case_id == escalated
    assert _release(engine, escalated, "lee").state == "escalated"
    # and a report still joins it, a decision still ends it
    assert _open(engine, "p1", reporter="u2") == escalated
    _claim(engine, escalated, "lee")
    _decide(engine, escalated, "lee", DecisionKind.DEEPFAKE)
    with transaction(engine) as session:
        kinds = [each.decision for each in decisions.of_case(session, escalated)]
    assert kinds == ["escalate", "deepfake"]


def test_deciding_twice_makes_one_decision(engine: Engine) -> None:
    case_id = _open(engine)
    _claim(engine, case_id, "kim")
    kinds = [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC, DecisionKind.DEEPFAKE]
    made = _at_once([lambda kind=kind: _decide(engine, case_id, "kim", kind) for kind in kinds])
    assert sorted(type(each).__name__ for each in made) == ["CaseDecidedError"] * 2 + ["DecisionMade"]
    assert _count(engine, Decision) == 1


def test_what_stands_in_the_way_is_named(engine: Engine) -> None:
    unknown = uuid4()
    with pytest.raises(CaseNotFoundError, match=str(unknown)):
        _claim(engine, unknown, "kim")
    case_id = _open(engine)
    with pytest.raises(CaseNotClaimedError, match="nobody holds it"):
        _decide(engine, case_id, "kim", DecisionKind.DEEPFAKE)
    _claim(engine, case_id, "kim")
    with pytest.raises(CaseClaimedError, match="is with kim until"):
        _claim(engine, case_id, "lee")
    with pytest.raises(CaseNotClaimedError, match="kim holds it"):
        _release(engine, case_id, "lee")
    _expire(engine, case_id)
    with pytest.raises(LeaseExpiredError, match="claim it again"):
        _decide(engine, case_id, "kim", DecisionKind.DEEPFAKE)
    _claim(engine, case_id, "kim")
    _decide(engine, case_id, "kim", DecisionKind.DEEPFAKE)
    with pytest.raises(CaseDecidedError, match="decided already"):
        _claim(engine, case_id, "lee")
    with pytest.raises(CaseDecidedError):
        _release(engine, case_id, "kim")


def test_a_note_that_is_too_long_leaves_the_case_claimed(engine: Engine) -> None:
    case_id = _open(engine)
    _claim(engine, case_id, "kim")
    with pytest.raises(DecisionInvalidError, match=r"note: .*10000"), transaction(engine) as session:
        decisions.decide(session, case_id, "kim", DecisionKind.REMOVE, "x" * 10_001, source=SOURCE)
    assert _case(engine, case_id).state == "claimed"
