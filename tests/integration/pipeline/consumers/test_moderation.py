"""The moderation consumer with PostgreSQL: events lead to cases and outbox rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from pipeline.consumers.moderation.consumer import Moderation
from pipeline.runtime.consumer import Answer
from schemas.base import Contract
from schemas.envelope import Event, decode
from schemas.moderation import ReportsSurged
from schemas.posts import PostAppealed, PostReported, ReportReason
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import outbox, verdicts
from storage.database import connect, transaction
from storage.errors import DatabaseUnavailableError
from storage.tables import Case, Report

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def post() -> str:
    return f"post-{uuid4()}"


def _report(post: str, reporter: str, reason: ReportReason) -> PostReported:
    return PostReported(
        report_id=str(uuid4()),
        post_id=post,
        reporter_id=reporter,
        reason=reason,
        text="\x00",
        reported_at=NOW,
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


def _handle(engine: Engine, *bodies: Contract) -> list[Answer | Exception]:
    consumer = Moderation(engine, source="tests")
    events = [Event(id=str(uuid4()), source="tests", type="…", body=body) for body in bodies]
    return list(consumer.handle([consumer.prepare(event, 1) for event in events]))


def _case(engine: Engine, post: str) -> Case:
    with transaction(engine) as session:
        return session.scalars(select(Case).where(Case.post_id == post)).one()


def test_reports_verdicts_appeals_and_surges_of_a_post_join_one_case(engine: Engine, post: str) -> None:
    # given a post with an earlier verdict
    with transaction(engine) as session:
        verdicts.keep(session, _verdict(post, Label.AUTHENTIC, 0.3), "m@1")
    # when
    answers = _handle(
        engine,
        _report(post, "u1", ReportReason.SEXUAL),
        _report(post, "u2", ReportReason.OTHER),
        _verdict(post, Label.SUSPECTED, 0.6),
        ReportsSurged(surge_id=uuid4(), post_id=post, reporters=9, window_seconds=600, surged_at=NOW),
        PostAppealed(appeal_id="a1", post_id=post, author_id="u3", appealed_at=NOW),
    )
    # then
    case = _case(engine, post)
    logs = [answer.log for answer in answers if isinstance(answer, Answer)]
    assert [(log["case"], log["change"]) for log in logs] == [(str(case.case_id), "opened")] + [
        (str(case.case_id), "joined")
    ] * 4
    assert [answer.messages for answer in answers if isinstance(answer, Answer)] == [()] * 5
    assert (case.origin, case.reasons, case.reporters, case.score) == ("report", ["sexual", "other"], 9, 0.6)
    with transaction(engine) as session:
        events = [decode(row.message.headers, row.message.value) for row in outbox.unpublished(session, 100)]
        reports = session.scalars(select(Report.text).where(Report.post_id == post)).all()
    assert [event.body.score for event in events if event.body.post_id == post] == [0.3, 0.3, 0.6, 0.6, 0.6]
    assert reports == ["\ufffd", "\ufffd"]


def test_only_a_suspected_verdict_opens_a_case(engine: Engine, post: str) -> None:
    labels = [Label.DEEPFAKE, Label.AUTHENTIC, Label.SUSPECTED]
    answers = _handle(engine, *(_verdict(post, label, 0.6) for label in labels))
    changes = [answer.log.get("change") for answer in answers if isinstance(answer, Answer)]
    assert changes == [None, None, "opened"]
    assert _case(engine, post).origin == "suspicion"


def test_unavailable_database_is_returned_as_the_error_of_each_event() -> None:
    unavailable = connect("postgresql://u:p@127.0.0.1:1/fakeme")
    answers = _handle(
        unavailable, _report("p1", "u1", ReportReason.OTHER), _verdict("p1", Label.SUSPECTED, 0.6)
    )
    assert [type(answer) for answer in answers] == [DatabaseUnavailableError] * 2
