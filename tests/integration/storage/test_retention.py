"""Expired rows are deleted by an index, in small transactions, and nothing else is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, insert, select, text

from pipeline.producers.outbox_relay import pruning
from pipeline.producers.outbox_relay.pruning import Pruner, expiries_of
from pipeline.settings import RetentionSettings
from storage import retention
from storage.database import connect, transaction
from storage.migrate import upgrade
from storage.retention import Expiry, delete_chunk
from storage.tables import IdempotentRequest, OutboxRow

ALL = expiries_of(RetentionSettings(posts_days=30, verdicts_days=30, analyses_days=30, reports_days=30))
NOW = datetime.now(UTC)


@pytest.fixture
def engine(empty_database: str) -> Engine:
    upgrade(empty_database)
    return connect(empty_database)


def add_requests(engine: Engine, ages_in_days: Sequence[float]) -> None:
    with transaction(engine) as session:
        session.execute(
            insert(IdempotentRequest),
            [
                {
                    "owner": "ann",
                    "idempotency_key": str(number),
                    "request_sha256": "",
                    "status": 200,
                    "response": {},
                    "at": NOW - timedelta(days=age),
                }
                for number, age in enumerate(ages_in_days)
            ],
        )


def count(engine: Engine, table: type) -> int:
    with transaction(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def expiry_of(table: type) -> Expiry:
    (expiry,) = [expiry for expiry in ALL if expiry.table is table]
    return expiry


def test_only_rows_that_are_too_old_are_deleted(engine: Engine) -> None:
    add_requests(engine, [0.0, 0.9, 1.1, 50.0])

    with transaction(engine) as session:
        assert delete_chunk(session, expiry_of(IdempotentRequest)) == 2

    assert count(engine, IdempotentRequest) == 2


def test_unpublished_messages_never_expire(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO outbox (event_id, topic, key, headers, value, written_at, published_at) "
                "SELECT gen_random_uuid(), 't', 'k', '{}', '', now() - interval '1 year', "
                "CASE WHEN n = 1 THEN now() - interval '1 year' END FROM generate_series(1, 2) AS n"
            )
        )

    with transaction(engine) as session:
        assert delete_chunk(session, expiry_of(OutboxRow)) == 1

    assert count(engine, OutboxRow) == 1


def test_many_rows_are_deleted_in_chunks_within_a_budget_of_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "CHUNK", 10)
    monkeypatch.setattr(retention, "CHUNK", 10)
    add_requests(engine, [2.0] * 95 + [0.0] * 5)
    pruner = Pruner(engine, [expiry_of(IdempotentRequest)])

    monkeypatch.setattr(pruning, "BUDGET_SECONDS", 0.0)
    assert not pruner.run(0.0) or count(engine, IdempotentRequest) == 100  # no time, no work
    monkeypatch.setattr(pruning, "BUDGET_SECONDS", 60.0)
    pruner.run(0.1)

    assert count(engine, IdempotentRequest) == 5
    assert not pruner.run(1.0)  # the next round begins an hour later


def test_rows_that_somebody_has_locked_are_left_for_later(engine: Engine) -> None:
    add_requests(engine, [2.0, 2.0])

    with transaction(engine) as other:
        other.execute(text("SELECT 1 FROM idempotent_requests WHERE idempotency_key = '0' FOR UPDATE"))
        with transaction(engine) as session:
            assert delete_chunk(session, expiry_of(IdempotentRequest)) == 1


@pytest.mark.parametrize("expiry", ALL, ids=lambda expiry: expiry.table.__tablename__)
def test_each_table_has_an_index_by_which_expired_rows_are_found(engine: Engine, expiry: Expiry) -> None:
    column = expiry.time.name
    with transaction(engine) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = session.scalars(
            text(
                f"EXPLAIN SELECT 1 FROM {expiry.table.__tablename__} "
                f"WHERE {column} < now() - interval '1 day' ORDER BY {column} LIMIT 5000"
            )
        ).all()

    assert "Index" in plan[1]
    assert "Sort" not in "".join(plan)
