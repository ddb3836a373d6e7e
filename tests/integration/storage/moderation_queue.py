"""Steps of tests on the moderation queue, each in its own transaction."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Engine, func, select, update

from schemas.envelope import decode
from schemas.moderation import CaseChanged, CaseOrigin, DecisionKind, DecisionMade
from schemas.posts import ReportReason
from storage import cases, decisions, leases, outbox
from storage.database import transaction
from storage.signals import Signal, SignalKind
from storage.tables import Case

T = TypeVar("T")
SOURCE = "tests"
LEASE = timedelta(minutes=15)


def report(
    post: str = "p1", reporter: str = "u1", reason: ReportReason = ReportReason.OTHER, event: str = ""
) -> Signal:
    """A user's report of a post."""
    body = {"reporter_id": reporter}
    return Signal(event or str(uuid4()), post, SignalKind.REPORT, CaseOrigin.REPORT, body, reason=reason)


def verdict(post: str = "p1", score: float = 0.6, *, suspected: bool = True) -> Signal:
    """A verdict on a post."""
    opens = CaseOrigin.SUSPICION if suspected else None
    return Signal(str(uuid4()), post, SignalKind.VERDICT, opens, {}, score=score)


def appeal(post: str = "p1") -> Signal:
    """An appeal of the author."""
    return Signal(str(uuid4()), post, SignalKind.APPEAL, CaseOrigin.APPEAL, {})


def surge(post: str = "p1", reporters: int = 7) -> Signal:
    """A surge of reports of a post."""
    return Signal(str(uuid4()), post, SignalKind.SURGE, CaseOrigin.REPORT, {}, reporters=reporters)


class ModerationQueue:
    """The moderation queue as workers and moderators use it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def apply_signal(self, signal: Signal) -> CaseChanged | None:
        with transaction(self.engine) as session:
            return cases.apply_signal(session, signal, source=SOURCE)

    def open(self, post: str = "p1", **more: Any) -> UUID:
        change = self.apply_signal(report(post, **more))
        assert change is not None
        return change.case_id

    def claim(self, case_id: UUID, moderator: str) -> Case:
        with transaction(self.engine) as session:
            return leases.claim(session, case_id, moderator, LEASE, source=SOURCE)

    def claim_next(self, moderator: str) -> Case | None:
        with transaction(self.engine) as session:
            return leases.claim_next(session, moderator, LEASE, source=SOURCE)

    def release(self, case_id: UUID, moderator: str) -> Case:
        with transaction(self.engine) as session:
            return leases.release(session, case_id, moderator, source=SOURCE)

    def decide(
        self, case_id: UUID, moderator: str, kind: DecisionKind, note: str = "looked closely"
    ) -> DecisionMade:
        with transaction(self.engine) as session:
            return decisions.decide(session, case_id, moderator, kind, note, source=SOURCE)

    def case(self, case_id: UUID) -> Case:
        with transaction(self.engine) as session:
            return cases.find(session, case_id)

    def published(self) -> list[Any]:
        """Return the events in the outbox in order."""
        with transaction(self.engine) as session:
            rows = outbox.unpublished(session, 100)
        return [decode(row.message.headers, row.message.value).body for row in rows]

    def count(self, table: type) -> int:
        with transaction(self.engine) as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()

    def expire(self, case_id: UUID) -> None:
        """Set the end of the lease on a case to one second ago."""
        self._set(case_id, leased_until=func.now() - timedelta(seconds=1))

    def age(self, case_id: UUID, age: timedelta) -> None:
        """Set the opening time of a case to ``age`` ago."""
        self._set(case_id, opened_at=func.now() - age)

    def _set(self, case_id: UUID, **values: Any) -> None:
        with transaction(self.engine) as session:
            session.execute(update(Case).where(Case.case_id == case_id).values(**values))


def at_once(tasks: list[Callable[[], T]]) -> list[T | Exception]:
    """Run all tasks at the same time in threads; return their results or exceptions."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T | Exception:
        start.wait(10)
        try:
            return task()
        except Exception as error:  # noqa: BLE001 - the tests check the exceptions
            return error

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))
