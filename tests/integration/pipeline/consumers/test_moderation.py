"""The moderation consumer with PostgreSQL: events lead to cases, surges and outbox rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select, update

from pipeline.consumers.moderation.consumer import Moderation
from pipeline.consumers.moderation.surges import SurgeRule
from pipeline.runtime.consumer import Answer
from schemas.base import Contract
from schemas.envelope import Event, decode
from schemas.moderation import CaseChanged, ReportsSurged
from schemas.posts import PostAppealed, PostReported, ReportReason
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import outbox, verdicts
from storage.database import connect, transaction
from storage.errors import DatabaseUnavailableError
from storage.tables import Case, CaseSignal, Report

NOW = datetime(2026, 11, 23, tzinfo=UTC)
RULE = SurgeRule(reporters=3, window=timedelta(seconds=60))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def post() -> str:
    return f"post-{uuid4()}"


def _report(
    post: str, reporter: str, reason: ReportReason = ReportReason.OTHER, at: datetime = NOW
) -> PostReported:
    return PostReported(
        report_id=str(uuid4()),
        post_id=post,
        reporter_id=reporter,
        reason=reason,
        text="\x00",
        reported_at=at,
    )


def _verdict(post: str, label: Label, score: float) -> VerdictIssued:
    return VerdictIssued(
        verdict_id=uuid4(),
        post_id=post,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id=str(uuid4())),
        label=label,
        score=score,
        media=(MediaVerdict(uri="s3://platform-media/a.jpg", label=label, score=score, threshold=0.9),),
        model=ModelRef(name="m", version="1", weights_sha256="0" * 64),
        issued_at=NOW,
    )


def _event(body: Contract, event_id: str = "", source: str = "tests") -> Event:
    return Event(id=event_id or str(uuid4()), source=source, type="…", body=body)


def _handle(engine: Engine, *events: Contract | Event) -> list[Answer | Exception]:
    consumer = Moderation(engine, source="tests", surge_rule=RULE)
    given = [event if isinstance(event, Event) else _event(event) for event in events]
    return list(consumer.handle([consumer.prepare(event, 1) for event in given]))


def _published(engine: Engine, post: str) -> list[Contract]:
    with transaction(engine) as session:
        rows = outbox.unpublished(session, 1_000)
    bodies = [decode(row.message.headers, row.message.value).body for row in rows]
    return [body for body in bodies if getattr(body, "post_id", None) == post]


def _case(engine: Engine, post: str) -> Case:
    with transaction(engine) as session:
        return session.scalars(select(Case).where(Case.post_id == post)).one()


def test_reports_verdicts_and_appeals_of_a_post_join_one_case(engine: Engine, post: str) -> None:
    # given a post with an earlier verdict
    with transaction(engine) as session:
        verdicts.keep(session, _verdict(post, Label.AUTHENTIC, 0.3), "m@1")
    # when
    answers = _handle(
        engine,
        _report(post, "u1", ReportReason.SEXUAL),
        _report(post, "u2", ReportReason.OTHER),
        _verdict(post, Label.SUSPECTED, 0.6),
        PostAppealed(appeal_id="a1", post_id=post, author_id="u3", appealed_at=NOW),
    )
    # then
    case = _case(engine, post)
    logs = [answer.log for answer in answers if isinstance(answer, Answer)]
    assert [(log["case"], log["change"]) for log in logs] == [(str(case.case_id), "opened")] + [
        (str(case.case_id), "joined")
    ] * 3
    assert [answer.messages for answer in answers if isinstance(answer, Answer)] == [()] * 4
    assert (case.origin, case.reasons, case.reporters, case.score) == ("report", ["sexual", "other"], 2, 0.6)
    changes = [body for body in _published(engine, post) if isinstance(body, CaseChanged)]
    with transaction(engine) as session:
        reports = session.scalars(select(Report.text).where(Report.post_id == post)).all()
    assert [change.score for change in changes] == [0.3, 0.3, 0.6, 0.6]
    assert reports == ["\ufffd", "\ufffd"]


def test_only_a_suspected_verdict_opens_a_case(engine: Engine, post: str) -> None:
    labels = [Label.DEEPFAKE, Label.AUTHENTIC, Label.SUSPECTED]
    answers = _handle(engine, *(_verdict(post, label, 0.6) for label in labels))
    changes = [answer.log.get("change") for answer in answers if isinstance(answer, Answer)]
    assert changes == [None, None, "opened"]
    assert _case(engine, post).origin == "suspicion"


def test_appeal_with_the_id_of_a_report_on_another_post_opens_its_case(engine: Engine, post: str) -> None:
    other = f"{post}-b"
    event_id = str(uuid4())

    _handle(
        engine,
        _event(_report(post, "u1"), event_id),
        _event(PostAppealed(appeal_id="7", post_id=other, author_id="u2", appealed_at=NOW), event_id),
    )

    assert (_case(engine, post).origin, _case(engine, other).origin) == ("report", "appeal")


def test_events_of_two_sources_with_one_id_are_two_signals(engine: Engine, post: str) -> None:
    event_id = str(uuid4())
    events = [_event(_report(post, f"u{n}"), event_id, f"https://{n}.example") for n in range(2)]

    _handle(engine, *events, *events)  # repeated: nothing changes

    case = _case(engine, post)
    with transaction(engine) as session:
        signals = session.scalars(select(CaseSignal.source).where(CaseSignal.case_id == case.case_id)).all()
        reports = session.scalars(select(Report.reporter_id).where(Report.post_id == post)).all()
    assert case.reporters == 2
    assert sorted(signals) == ["https://0.example", "https://1.example"]
    assert sorted(reports) == ["u0", "u1"]
    changes = [body for body in _published(engine, post) if isinstance(body, CaseChanged)]
    assert len({change.event_id for change in changes}) == len(changes) == 2


def test_signal_of_the_version_before_is_not_applied_again(engine: Engine, post: str) -> None:
    report = _event(_report(post, "u1"))
    _handle(engine, report)
    with transaction(engine) as session:  # it stored no source
        session.execute(update(CaseSignal).where(CaseSignal.event_id == report.id).values(source=""))

    (answer,) = _handle(engine, report)

    assert isinstance(answer, Answer)
    assert answer.log["case"] is None
    assert _case(engine, post).reporters == 1


def test_several_reporters_cause_one_surge_per_window_and_raise_its_case(engine: Engine, post: str) -> None:
    def report(reporter: str, second: int) -> Event:
        return _event(_report(post, reporter, at=NOW + timedelta(seconds=second)))

    given = [("a", 0), ("a", 1), ("b", 2), ("b", 2), ("c", 3), ("d", 4), ("e", 50)]
    later = [("a", 100), ("b", 101), ("c", 102)]  # one window later
    events = [report(*item) for item in (*given, *later)]
    _handle(engine, *events, *events)  # repeated: no further surge

    surges = [body for body in _published(engine, post) if isinstance(body, ReportsSurged)]
    assert [(surge.reporters, surge.surged_at) for surge in surges] == [
        (3, NOW + timedelta(seconds=3)),
        (3, NOW + timedelta(seconds=101)),  # e, a and b
    ]
    case = _case(engine, post)
    assert (case.surged, case.reporters) == (True, 5)


def test_surge_and_its_report_are_one_transaction(engine: Engine, post: str) -> None:
    reports = [_event(_report(post, reporter)) for reporter in "abc"]

    _handle(engine, *reports)

    with transaction(engine) as session:
        case = session.scalars(select(Case).where(Case.post_id == post)).one()
        signals = session.execute(
            select(CaseSignal.kind, CaseSignal.seen_at).where(CaseSignal.case_id == case.case_id)
        ).all()
    times = dict(sorted(((kind, seen_at) for kind, seen_at in signals), key=lambda signal: signal[1]))
    assert case.surged
    assert times["surge"] == times["report"]  # the database's time of the transaction


@pytest.mark.parametrize("year", [2000, 2100, 2199])
def test_report_with_a_strange_date_is_answered_and_the_next_reports_too(
    engine: Engine, post: str, year: int
) -> None:
    strange = _event(_report(post, "a", at=datetime(year, 1, 1, tzinfo=UTC)))
    now = datetime.now(UTC)
    usual = [_event(_report(post, reporter, at=now)) for reporter in "bcd"]

    answers = _handle(engine, strange, *usual)

    assert [type(answer) for answer in answers] == [Answer] * 4
    with transaction(engine) as session:
        counted = session.scalars(
            select(Report.reported_at).where(Report.post_id == post, Report.reporter_id == "a")
        ).one()
    assert counted <= now + timedelta(minutes=5)
    assert _case(engine, post).surged


def test_reporters_are_counted_without_reading_earlier_signals(engine: Engine, post: str) -> None:
    """The work for one more report does not grow with the reports before it."""
    _handle(engine, *(_report(post, f"u{n % 7}") for n in range(20)))
    with transaction(engine) as session:  # a count that read them would now see no reporter
        session.execute(
            update(CaseSignal)
            .where(CaseSignal.case_id == _case(engine, post).case_id)
            .values(body={"reporter_id": "the same"})
        )

    _handle(engine, _report(post, "u7"))

    assert _case(engine, post).reporters == 8


def test_unavailable_database_is_returned_as_the_error_of_each_event() -> None:
    unavailable = connect("postgresql://u:p@127.0.0.1:1/fakeme")
    answers = _handle(
        unavailable, _report("p1", "u1", ReportReason.OTHER), _verdict("p1", Label.SUSPECTED, 0.6)
    )
    assert [type(answer) for answer in answers] == [DatabaseUnavailableError] * 2
