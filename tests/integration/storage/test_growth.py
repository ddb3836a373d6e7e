"""Pruning and rare queries read an index, whatever the size of the table, and wait for nobody."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from schemas.moderation import DecisionKind
from storage import audit, labels, retention
from storage.database import connect, transaction
from storage.tables import OutboxRow

DAY = timedelta(days=1)
ROWS = 20_000

# Rows with an age of 0 to 9 days.
FILL = {
    "outbox": """INSERT INTO outbox (event_id, topic, key, headers, value, published_at)
        SELECT gen_random_uuid(), 't', 'k', '{}', '', now() - n % 10 * interval '1 day'
        FROM generate_series(1, :rows) n""",
    "idempotent_requests": """INSERT INTO idempotent_requests
        (owner, idempotency_key, request_sha256, status, response, at)
        SELECT 'o', n, '', 202, '{}', now() - n % 10 * interval '1 day' FROM generate_series(1, :rows) n""",
    "media_objects": """INSERT INTO media_objects (uri, etag, size, modified_at, sha256, seen_at)
        SELECT n, '', 1, now(), '', now() - n % 10 * interval '1 day' FROM generate_series(1, :rows) n""",
    "media_analyses": """INSERT INTO media_analyses (sha256, model_version, label, body, analysed_at)
        SELECT n, 'm', 'authentic', '{}', now() - n % 10 * interval '1 day'
        FROM generate_series(1, :rows) n""",
    "posts": """INSERT INTO posts (post_id, author_id, body, seen_at)
        SELECT n, 'a', '{}', now() - n % 10 * interval '1 day' FROM generate_series(1, :rows) n""",
    "reports": """INSERT INTO reports (event_id, post_id, report_id, reporter_id, reason, reported_at)
        SELECT n, n, n, 'r', 'other', now() - n % 10 * interval '1 day' FROM generate_series(1, :rows) n""",
    "surges": """INSERT INTO surges (surge_id, post_id, reporters, surged_at)
        SELECT gen_random_uuid(), n, 9, now() - n % 10 * interval '1 day' FROM generate_series(1, :rows) n""",
    "verdicts": """INSERT INTO verdicts
        (verdict_id, post_id, trigger_kind, trigger_event_id, model_version, label, body, issued_at)
        SELECT gen_random_uuid(), n, 'post', n, 'm', 'authentic', '{}', now() - n % 10 * interval '1 day'
        FROM generate_series(1, :rows) n""",
}


def fill(engine: Engine, table: str, rows: int) -> None:
    with engine.begin() as connection:
        connection.execute(text(FILL[table]), {"rows": rows})
        connection.execute(text(f"ANALYZE {table}"))


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def plans(engine: Engine) -> Iterator[list[str]]:
    """The plans of the SELECT and DELETE statements that ran on ``engine`` since the fixture was made."""
    collected: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "DELETE")):
            cursor.execute("EXPLAIN (FORMAT JSON) " + statement, parameters)
            collected.append(json.dumps(cursor.fetchone()[0]))

    event.listen(engine, "before_cursor_execute", explain)
    yield collected
    event.remove(engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("table", retention.AGES)
def test_pruning_deletes_only_old_rows_and_scans_no_table(
    engine: Engine, plans: list[str], table: str
) -> None:
    fill(engine, table, ROWS)

    deleted = retention.prune(engine, table, older_than=6.5 * DAY, chunk=1_000)

    assert len(plans) == 1 + deleted // 1_000
    assert not [plan for plan in plans if "Seq Scan" in plan]
    assert (deleted, count(engine, table)) == (ROWS * 3 // 10, ROWS * 7 // 10)


def test_unpublished_messages_are_kept_at_any_age(engine: Engine) -> None:
    fill(engine, "outbox", 10)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET published_at = NULL, written_at = '2020-01-01'"))

    assert retention.prune(engine, "outbox", older_than=timedelta(0)) == 0


def test_pruning_skips_rows_that_another_transaction_holds(engine: Engine) -> None:
    fill(engine, "outbox", 10)
    with transaction(engine) as session:
        held = session.scalars(select(OutboxRow).where(OutboxRow.id % 2 == 0).with_for_update()).all()

        assert retention.prune(engine, "outbox", older_than=timedelta(0)) == 10 - len(held)

    assert count(engine, "outbox") == len(held) == 5


def test_pruning_more_than_a_statement_may_take_goes_on_in_chunks(database_url: str, engine: Engine) -> None:
    fill(engine, "outbox", 400_000)
    hasty = connect(database_url, statement_timeout_ms=100)  # one DELETE of all these rows takes longer
    deleted = retention.prune(hasty, "outbox", older_than=timedelta(0), chunk=2_000)
    hasty.dispose()

    assert (deleted, count(engine, "outbox")) == (400_000, 0)


def test_pruning_stops_between_two_chunks(engine: Engine) -> None:
    fill(engine, "outbox", 100)
    stops = iter([False, False, True])

    deleted = retention.prune(
        engine, "outbox", older_than=timedelta(0), chunk=10, stopping=lambda: next(stops)
    )

    assert deleted == 20


def test_last_action_on_each_subject_is_read_from_an_index(engine: Engine, plans: list[str]) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit (actor, action, subject, detail) "
                "SELECT 'a', CASE WHEN n <= 20 THEN 'replayed' ELSE 'case.joined' END, n % 10, '{}' "
                "FROM generate_series(1, :rows) n"
            ),
            {"rows": ROWS},
        )
        connection.execute(text("ANALYZE audit"))
    with transaction(engine) as session:
        assert len(audit.last_done(session, "replayed")) == 10
    assert not [plan for plan in plans if "Seq Scan" in plan]


def test_decided_posts_are_read_from_indexes(engine: Engine, plans: list[str]) -> None:
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO cases (case_id, post_id, origin, state, priority, reasons, reporters, opened_at,"
            " changed_at) SELECT lpad(to_hex(n), 32, '0')::uuid, 'p' || n, 'report', 'decided', 1, '{}', 1,"
            " now(), now() FROM generate_series(1, :rows) n",
            "INSERT INTO decisions (decision_id, case_id, post_id, decision, moderator, decided_at)"
            " SELECT case_id, case_id, post_id, 'deepfake', 'm', now() - substr(post_id, 2)::int"
            " * interval '1 hour' FROM cases WHERE :rows > 0",
            "INSERT INTO case_signals (event_id, kind, case_id, body)"
            " SELECT post_id, 'report', case_id, '{}' FROM cases WHERE :rows > 0",
        ):
            connection.execute(text(statement), {"rows": ROWS})
        connection.execute(text("ANALYZE cases, decisions, case_signals"))
    kinds = [DecisionKind.DEEPFAKE]

    with transaction(engine) as session:
        post_ids = labels.decided_since(session, kinds, datetime.now(UTC) - 10.5 / 24 * DAY)
        found = labels.read_decided_posts(session, post_ids, kinds)

    assert sorted(post_ids) == sorted(f"p{number}" for number in range(1, 11))
    assert [len(post.decisions) for post in found] == [1] * 10
    scanned = {table for plan in plans for table in scanned_tables(json.loads(plan))}
    assert scanned.isdisjoint({"cases", "decisions", "case_signals"})  # others are empty: a scan is cheapest


def scanned_tables(node: Any) -> Iterator[str]:
    """Yield the tables that a plan reads from beginning to end."""
    if isinstance(node, list):
        for part in node:
            yield from scanned_tables(part)
    elif isinstance(node, dict):
        if node.get("Node Type") == "Seq Scan":
            yield node["Relation Name"]
        for part in node.values():
            yield from scanned_tables(part)
