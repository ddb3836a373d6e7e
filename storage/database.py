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
# A peer that vanishes without closing its connection (a dead machine, a cut network) is noticed within 20 s,
# on both sides. Otherwise the server would keep its locks for hours, and the client would wait as long.
_KEEPALIVE_SECONDS = 5
_KEEPALIVE_PROBES = 3
_UNACKNOWLEDGED_MS = 15_000
# A relay may wait 11 s for the broker within a transaction. Its standby takes over within 30 s.
IDLE_IN_TRANSACTION_MS = 20_000
STATEMENT_TIMEOUT_MS = 30_000  # statements take milliseconds; a slow one must not hold its locks


def connect(
    database_url: str, *, application: str = "fakeme", statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> Engine:
    """Create a connection pool. It connects on first use, so an unavailable database raises no error here.

    ``application`` is shown in ``pg_stat_activity``. A ``statement_timeout_ms`` of 0 disables the timeout.
    """
    return create_engine(
        driver_url(database_url),
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_WAIT_SECONDS,
        json_serializer=postgres_text.dump_json,
        hide_parameters=True,  # users' texts must not appear in logs and dead letters
        connect_args=connect_arguments(application, statement_timeout_ms),
    )


def connect_arguments(application: str, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS) -> dict[str, Any]:
    """Return libpq's parameters of a connection: its limits of time, on the client and on the server.

    Without a statement timeout, a transaction may also be idle for as long as it likes.
    """
    idle_ms = (
        IDLE_IN_TRANSACTION_MS if statement_timeout_ms else 0
    )  # migrations and benchmarks have no limits
    server = {
        "statement_timeout": statement_timeout_ms,
        "idle_in_transaction_session_timeout": idle_ms,
        "tcp_keepalives_idle": _KEEPALIVE_SECONDS,
        "tcp_keepalives_interval": _KEEPALIVE_SECONDS,
        "tcp_keepalives_count": _KEEPALIVE_PROBES,
        "tcp_user_timeout": _UNACKNOWLEDGED_MS,
        "timezone": "UTC",
    }
    return {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": application,
        "keepalives": 1,
        "keepalives_idle": _KEEPALIVE_SECONDS,
        "keepalives_interval": _KEEPALIVE_SECONDS,
        "keepalives_count": _KEEPALIVE_PROBES,
        "tcp_user_timeout": _UNACKNOWLEDGED_MS,
        "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
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
