"""Rows of a large platform for :mod:`benchmarks.query_plans`, made inside PostgreSQL.

Most bodies are empty, because plans depend on the number of rows and on their keys.
"""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, Index, text

from schemas.examples import EXAMPLES
from schemas.posts import PostCreated
from schemas.verdicts import VerdictIssued
from storage.tables import Base

SAMPLE = [f"p{number}" for number in range(100, 300)]  # posts with bodies that can be read
FILLERS = 2  # tables that are filled at once
AGES = "now() - n * interval '30 days' / :rows"  # row 1 is the newest, the last row is 30 days old
UUID = "lpad(to_hex(n), 32, '0')::uuid"

# For each table, how many rows it has of --rows, and its columns; n is the number of a row.
TABLES: dict[str, tuple[float, dict[str, str]]] = {
    "outbox": (
        1,
        {
            "event_id": UUID,
            "topic": "'posts.tags'",
            "key": "'p' || n",
            "headers": "'{}'",
            "value": "''",
            "written_at": AGES,
            "published_at": f"CASE WHEN n > 500 THEN {AGES} END",
        },
    ),
    "verdicts": (
        1,
        {
            "verdict_id": UUID,
            "post_id": "'p' || n",
            "trigger_kind": "'created'",
            "trigger_event_id": "'e' || n",
            "trigger_source": "'s'",
            "model_version": "'m'",
            "label": "'authentic'",
            "body": "'{}'",
            "issued_at": AGES,
        },
    ),
    "posts": (1, {"post_id": "'p' || n", "author_id": "'a'", "body": "'{}'", "seen_at": AGES}),
    "media_analyses": (
        1,
        {
            "sha256": "lpad(to_hex(n), 64, '0')",
            "model_version": "'m'",
            "label": "'authentic'",
            "body": "'{}'",
            "analysed_at": AGES,
        },
    ),
    "media_objects": (
        0.2,
        {
            "uri": "'s3://b/' || n",
            "etag": "''",
            "size": "1",
            "modified_at": "now()",
            "sha256": "''",
            "seen_at": AGES,
        },
    ),
    "post_tags": (
        0.2,
        {
            "post_id": "'p' || n",
            "tagged": "n % 2 = 0",
            "cause_kind": "'verdict'",
            "cause_id": UUID,
            "cause_at": AGES,
        },
    ),
    "post_owners": (0.2, {"post_id": "'p' || n", "owner": "'o'"}),
    "idempotent_requests": (
        0.2,
        {
            "owner": "'o' || n % 100",
            "idempotency_key": "'k' || n",
            "request_sha256": "''",
            "status": "202",
            "response": "'{}'",
            "at": AGES,
        },
    ),
    "reports": (
        0.2,
        {
            "event_id": "'e' || n",
            "source": "'s'",
            "post_id": "'p' || n / 10",
            "report_id": "n",
            "reporter_id": "'r' || n",
            "reason": "'other'",
            "reported_at": AGES,
        },
    ),
    "surges": (
        0.02,
        {"surge_id": UUID, "post_id": "'p' || n", "reporters": "5", "surged_at": AGES},
    ),
    "cases": (
        0.1,
        {
            "case_id": UUID,
            "post_id": "'p' || n",
            "origin": "'report'",
            "state": "CASE WHEN n % 100 = 0 THEN 'open' ELSE 'decided' END",
            "priority": "n % 100",
            "reasons": "'{}'",
            "reporters": "1",
            "opened_at": AGES,
            "changed_at": AGES,
        },
    ),
    "case_signals": (
        0.1,
        {"event_id": "'e' || n", "source": "'s'", "kind": "'report'", "case_id": UUID, "body": "'{}'"},
    ),
    "case_reporters": (0.1, {"case_id": UUID, "reporter_id": "'r' || n"}),
    "decisions": (
        0.1,
        {
            "decision_id": UUID,
            "case_id": UUID,
            "post_id": "'p' || n",
            "decision": "CASE WHEN n % 2 = 0 THEN 'deepfake' ELSE 'authentic' END",
            "moderator": "'m'",
            "decided_at": AGES,
        },
    ),
    "audit": (
        0.5,
        {
            "actor": "'fakeme'",
            "action": "CASE WHEN n % 100000 = 0 THEN 'dead_letter.replayed' ELSE 'case.joined' END",
            "subject": "'case:' || n / 5",
            "detail": "'{}'",
            "at": AGES,
        },
    ),
    "api_keys": (0.001, {"key_id": "lpad(to_hex(n), 16, '0')", "secret_sha256": "''", "owner": "'o' || n"}),
}


def fill(engine: Engine, rows: int) -> None:
    """Fill the empty tables of ``engine``; ``rows`` is the number of rows of the largest ones."""
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(text(f"ALTER TABLE {table.name} SET UNLOGGED"))
        for child in ("case_signals", "case_reporters", "decisions"):  # checked row by row
            connection.execute(text(f"ALTER TABLE {child} DROP CONSTRAINT fk_{child}_case_id"))
        for index in _indexes():
            index.drop(connection)
    with ThreadPoolExecutor(FILLERS) as threads:
        list(threads.map(lambda table: _fill_table(engine, table, rows), TABLES))
    _write_sample(engine)


def _fill_table(engine: Engine, table: str, rows: int) -> None:
    share, columns = TABLES[table]
    statement = (  # made of constants of this file
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())}"  # noqa: S608
        " FROM generate_series(CAST(:rows AS bigint), 1, -1) n"
    )
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        connection.execute(text(statement), {"rows": max(1, int(rows * share))})
        for index in _indexes():
            if index.table is not None and index.table.name == table:
                index.create(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM ANALYZE {table}"))


def _indexes() -> list[Index]:
    """Return the indexes that are not constraints: building them from rows is faster than adding to them."""
    return [index for table in Base.metadata.sorted_tables for index in table.indexes]


def _write_sample(engine: Engine) -> None:
    """Give bodies to the posts that the queries ask for."""
    bodies = {type(example): example.model_dump_json() for example in EXAMPLES}
    with engine.begin() as connection:
        for table, contract in (("posts", PostCreated), ("verdicts", VerdictIssued)):
            statement = f"UPDATE {table} SET body = CAST(:body AS jsonb) WHERE post_id = ANY(:posts)"  # noqa: S608
            connection.execute(text(statement), {"body": bodies[contract], "posts": SAMPLE})
