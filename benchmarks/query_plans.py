"""Show how PostgreSQL runs each frequent query on large tables; fail if one of them scans a large table.

    fakeme up --no-workers                       # in another terminal
    python -m benchmarks.query_plans --rows 10000000

Creates a database of its own next to FakeME's, fills it and drops it. Every query runs twice, so
the times are those of a warm cache. All changes are rolled back.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from benchmarks.query_plan_rows import SAMPLE, fill
from pipeline.settings import load_settings
from schemas.moderation import CaseState, DecisionKind
from schemas.verdicts import Trigger, TriggerKind
from storage import (
    analyses,
    api_keys,
    audit,
    cases,
    idempotency,
    labels,
    leases,
    media_objects,
    outbox,
    post_owners,
    posts,
    reports,
    retention,
    surges,
    tags,
    verdicts,
)
from storage.database import connect, driver_url
from storage.migrate import upgrade

LARGE = 100_000  # rows; a scan of a smaller table takes milliseconds
POST = SAMPLE[0]  # each table has rows of this post
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
UNDECIDED = [state for state in CaseState if state is not CaseState.DECIDED]
LABELLING = [DecisionKind.DEEPFAKE, DecisionKind.AUTHENTIC]
POSTS = [*SAMPLE, "reported-only"]  # a batch of the export of labels

QUERIES: dict[str, Callable[[Session], object]] = {
    "verdict of an event": lambda session: verdicts.find(
        session, POST, Trigger(kind=TriggerKind.CREATED, event_id="e100", source="s"), "m"
    ),
    "latest verdict of a post": lambda session: verdicts.latest(session, POST),
    "highest score of a post": lambda session: verdicts.highest_score(session, POST),
    "analyses of 20 media": lambda session: analyses.find(
        session, [f"{number:064x}" for number in range(101, 121)], "m"
    ),
    "object": lambda session: media_objects.find_analysed(session, ["s3://b/100"], "m"),
    "post": lambda session: posts.find(session, POST),
    "owner of a post": lambda session: post_owners.owner_of(session, POST),
    "tag of a post": lambda session: tags.lock_tag(session, POST),
    "outbox: unpublished": lambda session: outbox.unpublished(session, 500),
    "outbox: mark published": lambda session: outbox.mark_published(session, range(1, 501)),
    "outbox: backlog": outbox.backlog,
    "cases: list": lambda session: cases.queue(session, UNDECIDED, 50),
    "cases: claim": lambda session: leases.claim_next(session, "ann", DAY, source="s"),
    "cases: counts": cases.waiting_counts,
    "case: signals": lambda session: cases.signals(session, UUID(int=100)),
    "reporters in a window": lambda session: reports.distinct_reporters(session, POST, NOW - 30 * DAY, NOW),
    "surge in a window": lambda session: surges.surged_within(session, POST, NOW - DAY, NOW),
    "idempotency: claim": lambda session: idempotency.claim(session, "o0", "k100", "h"),
    "api key": lambda session: api_keys.verify(session, f"fk_{100:016x}_{'0' * 64}"),
    "audit of a subject": lambda session: audit.entries(session, "case:100"),
    "audit: last replays": lambda session: audit.last_done(session, "dead_letter.replayed"),
    "labels: decided today": lambda session: labels.decided_since(session, LABELLING, NOW - DAY),
    "labels: 200 posts": lambda session: labels.read_decided_posts(session, POSTS, LABELLING),
}


@dataclass
class Measured:
    """What PostgreSQL did for one query: its statements together."""

    statements: int = 0
    milliseconds: float = 0.0
    steps: set[str] = field(default_factory=set)  # indexes that were used
    scanned: set[str] = field(default_factory=set)  # tables that were read from start to end


def measure(engine: Engine, query: Callable[[Session], object]) -> Measured:
    """Run ``query`` in a transaction that is rolled back, and return what its statements did."""
    measured = Measured()

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            cursor.execute("SAVEPOINT plan")
            for _ in range(2):  # the first run fills the cache
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, parameters)
                plan = cursor.fetchone()[0][0]
                cursor.execute("ROLLBACK TO plan")
            measured.statements += 1
            measured.milliseconds += plan["Execution Time"] + plan["Planning Time"]
            _read(plan["Plan"], measured)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        with Session(engine) as session:
            query(session)
            session.flush()
            session.rollback()
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    return measured


def prune_by(table: str) -> Callable[[Session], object]:
    """Return a query that deletes the oldest chunk of ``table``."""
    return lambda session: retention.delete_chunk(
        session, table, older_than=10 * DAY, after=None, limit=retention.CHUNK
    )


def _read(plan: dict[str, Any], measured: Measured) -> None:
    if plan["Node Type"] == "Seq Scan":
        measured.scanned.add(plan["Relation Name"])
    elif "Index Name" in plan:
        measured.steps.add(plan["Index Name"])
    elif plan["Node Type"] == "Tid Scan":
        measured.steps.add("row address")
    for part in plan.get("Plans", ()):
        _read(part, measured)


def large_tables(engine: Engine) -> set[str]:
    """Return the names of the tables with at least :data:`LARGE` rows."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= :rows"
    with engine.connect() as connection:
        return set(connection.execute(text(query), {"rows": LARGE}).scalars())


@contextmanager
def temporary_database() -> Iterator[str]:
    """Create a migrated database on the server of the settings; drop it at the end."""
    url = driver_url(load_settings().database_url.get_secret_value())
    name = f"query_plans_{secrets.token_hex(4)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            made = url.set(database=name).render_as_string(hide_password=False)
            upgrade(made)
            yield made
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def report(found: Sequence[tuple[str, Measured]], large: set[str]) -> bool:
    """Print a row for each query; return whether none of them scans a large table."""
    table = Table("query", "statements", "ms", "indexes", "scans", box=None)
    for name, measured in found:
        scans = measured.scanned & large
        table.add_row(
            name,
            str(measured.statements),
            f"{measured.milliseconds:.2f}",
            ", ".join(sorted(measured.steps)),
            ", ".join(sorted(scans)),
        )
    Console(width=160).print(table)
    return not any(measured.scanned & large for _, measured in found)


def main(
    rows: Annotated[int, typer.Option(min=1_000, help="Rows of the largest tables.")] = 1_000_000,
    prune: Annotated[bool, typer.Option(help="Then delete two thirds of the outbox.")] = False,
) -> None:
    """Print the plans of all frequent queries; exit with 1 if one of them scans a large table."""
    with temporary_database() as url:
        engine = connect(url, application="query-plans", statement_timeout_ms=0)
        started = perf_counter()
        fill(engine, rows)
        print(f"{rows:,} rows in the largest tables, made in {perf_counter() - started:.0f} s")
        queries = {**QUERIES, **{f"prune {table}": prune_by(table) for table in retention.AGES}}
        found = [(name, measure(engine, query)) for name, query in queries.items()]
        passed = report(found, large_tables(engine))
        if prune:
            started = perf_counter()
            deleted = retention.prune(engine, "outbox", older_than=10 * DAY)
            print(f"{deleted:,} rows of the outbox deleted in {perf_counter() - started:.0f} s")
        engine.dispose()
    if not passed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
