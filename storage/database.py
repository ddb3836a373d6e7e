"""Connections to PostgreSQL and transactions on them; what is written in one is for the other modules."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import URL, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storage import documents
from storage.errors import DatabaseUnavailableError, is_transient

POOL_SIZE = 5  # a worker has a few threads that talk to the database
POOL_OVERFLOW = 5
POOL_WAIT_SECONDS = 10
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 30_000  # our statements take milliseconds; one that does not must not hold locks


def connect(
    database_url: str, *, application: str = "fakeme", statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> Engine:
    """A pool of connections; it connects when first used, so a database that is away is no error yet.

    ``application`` is shown in ``pg_stat_activity``; a ``statement_timeout_ms`` of 0 sets no limit.
    """
    return create_engine(
        driver_url(database_url),
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_WAIT_SECONDS,
        json_serializer=documents.dump,
        hide_parameters=True,  # what people wrote does not belong into logs and dead letters
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": application,
            "options": f"-c statement_timeout={statement_timeout_ms} -c timezone=UTC",
        },
    )


def driver_url(database_url: str) -> URL:
    """The URL with psycopg2 as its driver, also where it only says ``postgresql://`` or ``postgres://``."""
    url = make_url(database_url)
    return url.set(drivername="postgresql+psycopg2") if url.drivername in ("postgresql", "postgres") else url


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session whose changes are committed together at the end, or not at all.

    Rows that were read may be used after it. Raises :class:`DatabaseUnavailableError` in place of a
    driver's exception if the same transaction may succeed later.
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except SQLAlchemyError as error:
        if is_transient(error):
            raise DatabaseUnavailableError(f"the database is not available: {_first_line(error)}") from error
        raise


def moment(session: Session) -> datetime:
    """The time at which the transaction began, by the database's clock: the one that all workers share."""
    return session.execute(select(func.now())).scalar_one()


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
