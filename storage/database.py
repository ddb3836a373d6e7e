"""PostgreSQL connections and transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import URL, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storage import postgres_text
from storage.errors import DatabaseUnavailableError, is_transient

POOL_SIZE = 5  # a worker uses the database from a few threads
POOL_OVERFLOW = 5
POOL_WAIT_SECONDS = 10
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 30_000  # statements take milliseconds; a slow one must not hold its locks
IDLE_TIMEOUT_MS = (
    120_000  # a transaction may wait for a few uploads of evidence, not for a peer that vanished
)
UNACKNOWLEDGED_MS = 10_000  # data that the other machine has not confirmed by then will not arrive
KEEPALIVE_IDLE_SECONDS, KEEPALIVE_INTERVAL_SECONDS, KEEPALIVE_COUNT = 5, 2, 3  # lost after 11 s of silence


def connect(
    database_url: str,
    *,
    application: str = "fakeme",
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    idle_timeout_ms: int = IDLE_TIMEOUT_MS,
) -> Engine:
    """Create a connection pool. It connects on first use, so an unavailable database raises no error here.

    ``application`` is shown in ``pg_stat_activity``. The server aborts a statement after
    ``statement_timeout_ms``, and closes a connection that sends nothing for ``idle_timeout_ms`` within a
    transaction. 0 disables a timeout.
    """
    return create_engine(
        driver_url(database_url),
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_WAIT_SECONDS,
        json_serializer=postgres_text.dump_json,
        hide_parameters=True,  # users' texts must not appear in logs and dead letters
        connect_args=connection_options(
            application,
            timezone="UTC",
            statement_timeout=statement_timeout_ms,
            idle_in_transaction_session_timeout=idle_timeout_ms,
        ),
    )


def connection_options(application: str, **session: str | int) -> dict[str, Any]:
    """Return libpq's options of a connection, with these settings of its session.

    Both ends notice within some 11 s if the other vanishes without closing the connection, as when a machine
    loses its power or network: the client by its own socket options, the server by those it is asked to set.
    """
    keepalive = {
        "keepalives_idle": KEEPALIVE_IDLE_SECONDS,
        "keepalives_interval": KEEPALIVE_INTERVAL_SECONDS,
        "keepalives_count": KEEPALIVE_COUNT,
    }
    server = {f"tcp_{name}": value for name, value in keepalive.items()}
    session = {**session, **server, "tcp_user_timeout": UNACKNOWLEDGED_MS}
    return {
        **keepalive,
        "keepalives": 1,
        "tcp_user_timeout": UNACKNOWLEDGED_MS,
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": application,
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
    }


def driver_url(database_url: str) -> URL:
    """Return the URL with psycopg2 as its driver if it is ``postgresql://`` or ``postgres://``."""
    url = make_url(database_url)
    return url.set(drivername="postgresql+psycopg2") if url.drivername in ("postgresql", "postgres") else url


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Open a session and commit it at the end; roll back if an exception is raised.

    Rows that were read stay usable afterwards. Raise :class:`DatabaseUnavailableError` instead of the
    driver's exception if a retry may succeed.
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        if is_transient(error):
            raise DatabaseUnavailableError(f"the database is unavailable: {_first_line(error)}") from error
        raise


def transaction_time(session: Session) -> datetime:
    """Return the start time of the transaction by the database's clock, which all workers share."""
    return session.execute(select(func.now())).scalar_one()


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
