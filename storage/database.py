"""PostgreSQL connections and transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

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
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": application,
            "options": f"-c statement_timeout={statement_timeout_ms} -c timezone=UTC",
        },
    )


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
