"""Revision 0002 keeps what 0001 stored, and workers of the version before run on it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from storage import migrate, posts
from storage.database import transaction

# The statements of the version before, as SQLAlchemy wrote them.
OLD_VERDICT = """
INSERT INTO verdicts
    (verdict_id, post_id, trigger_kind, trigger_event_id, model_version, label, body, issued_at)
VALUES (gen_random_uuid(), :post, 'created', :event, 'm@1', 'no_face', '{}', now())
ON CONFLICT DO NOTHING RETURNING verdict_id
"""
OLD_REPORT = """
INSERT INTO reports (event_id, report_id, post_id, reporter_id, reason, text, reported_at)
VALUES (:event, 'r', :post, 'u', 'other', '', now()) ON CONFLICT DO NOTHING RETURNING event_id
"""
OLD_CASE = """
INSERT INTO cases (case_id, post_id, origin, state, priority, reasons, reporters, opened_at, changed_at)
VALUES (:case, :post, 'report', :state, 1, '{}', 2, now(), now()) ON CONFLICT DO NOTHING RETURNING case_id
"""
OLD_SIGNAL = """
INSERT INTO case_signals (event_id, case_id, kind, body)
VALUES (:event, :case, 'report', jsonb_build_object('reporter_id', CAST(:reporter AS text)))
ON CONFLICT DO NOTHING RETURNING event_id
"""
POST = """
INSERT INTO posts (post_id, author_id, body) VALUES (:post, 'a', jsonb_build_object(
    'post_id', CAST(:post AS text), 'author_id', 'a', 'created_at', CAST(:at AS text),
    'media', CAST('[{"uri": "s3://platform-media/a", "media_type": "image/jpeg"}]' AS jsonb)))
"""
UNDECIDED, DECIDED = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"


@pytest.fixture
def old(empty_database: str) -> Iterator[Engine]:
    """A database at revision 0001 with a verdict, a report, two cases and posts."""
    migrate.upgrade(empty_database, "0001")
    engine = create_engine(empty_database)
    run(engine, OLD_VERDICT, post="p1", event="e1")
    run(engine, OLD_REPORT, post="p1", event="e1")
    run(engine, OLD_CASE, case=UNDECIDED, post="p1", state="open")
    run(engine, OLD_CASE, case=DECIDED, post="p2", state="decided")
    for event, case, reporter in [
        ("e1", UNDECIDED, "u1"),
        ("e2", UNDECIDED, "u1"),
        ("e3", UNDECIDED, "u2"),
        ("e4", DECIDED, "u1"),
    ]:
        run(engine, OLD_SIGNAL, event=event, case=case, reporter=reporter)
    for post, at in [
        ("far", "9999-12-31T23:59:59Z"),
        ("early", "0001-01-01T00:00:00+14:00"),
        ("usual", "2026-11-23T12:00:00Z"),
    ]:
        run(engine, POST, post=post, at=at)
    yield engine
    engine.dispose()


def run(engine: Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def test_stored_rows_are_kept_and_reporters_of_undecided_cases_counted(
    old: Engine, empty_database: str
) -> None:
    migrate.upgrade(empty_database)

    assert run(old, "SELECT trigger_event_id, trigger_source FROM verdicts") == [("e1", "")]
    assert run(old, "SELECT event_id, source FROM reports") == [("e1", "")]
    assert run(old, "SELECT counted_reporters FROM cases ORDER BY case_id") == [(2,), (0,)]
    assert run(old, "SELECT reporter_id FROM case_reporters ORDER BY 1") == [("u1",), ("u2",)]


def test_posts_with_a_date_that_the_contract_refuses_are_readable(old: Engine, empty_database: str) -> None:
    migrate.upgrade(empty_database)

    with transaction(old) as session:
        found = {post: posts.find(session, post) for post in ("far", "early", "usual")}
    years = {post: body.created_at.year for post, body in found.items() if body is not None}
    this_year = datetime.now(UTC).year
    assert years == {"far": this_year, "early": this_year, "usual": 2026}


def test_version_before_still_writes_each_event_once(old: Engine, empty_database: str) -> None:
    migrate.upgrade(empty_database)

    for statement, values in [
        (OLD_VERDICT, {"post": "p1"}),
        (OLD_REPORT, {"post": "p1"}),
        (OLD_SIGNAL, {"case": UNDECIDED, "reporter": "u1"}),
    ]:
        assert run(old, statement, event="e1", **values) == []
        assert len(run(old, statement, event="e9", **values)) == 1
        assert run(old, statement, event="e9", **values) == []


def test_downgrade_keeps_the_first_of_events_with_one_id(old: Engine, empty_database: str) -> None:
    migrate.upgrade(empty_database)
    run(
        old,
        "INSERT INTO reports (event_id, source, report_id, post_id, reporter_id, reason, text, reported_at)"
        " VALUES ('e1', 'other', 'r', 'p9', 'u', 'other', '', now() + interval '1 hour')",
    )

    migrate.downgrade(empty_database, "0001")

    assert run(old, "SELECT event_id, post_id FROM reports") == [("e1", "p1")]
    migrate.upgrade(empty_database)
    assert migrate.current(empty_database) == migrate.head()
