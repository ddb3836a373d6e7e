import psycopg2
import pytest
from psycopg2 import errors as pg
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage.database import connect, driver_url, transaction
from storage.errors import (
    AccessDeniedError,
    DatabaseUnavailableError,
    ObjectMissingError,
    ObjectTooLargeError,
    is_transient,
)


class _ErrorWithCode(psycopg2.Error):
    def __init__(self, code: str | None) -> None:
        super().__init__("as the server said")
        self._code = code

    @property
    def pgcode(self) -> str | None:  # type: ignore[override]
        return self._code


def _driver_error(code: str | None, *, invalidated: bool = False) -> DBAPIError:
    return DBAPIError("SELECT 1", None, _ErrorWithCode(code), connection_invalidated=invalidated)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (DatabaseUnavailableError("unavailable"), True),
        (AccessDeniedError("key refused"), True),
        (PoolTimeoutError("no connection free"), True),
        (_driver_error("25P03"), True),  # idle in a transaction for too long
        (_driver_error("40001"), True),  # serialization failure
        (_driver_error("40P01"), True),  # deadlock
        (_driver_error("57P01"), True),  # server shuts down
        (_driver_error("53300"), True),  # too many connections
        (_driver_error("42P01"), True),  # no such table: not migrated yet
        (_driver_error("25006"), True),  # read-only after a failover
        (_driver_error("42501"), True),  # a privilege was lost
        (_driver_error("53100"), True),  # disk full
        (_driver_error("58030"), True),  # input or output error
        (_driver_error("42703"), True),  # no such column: a migration is in progress
        (_driver_error(None, invalidated=True), True),
        (OperationalError("SELECT 1", None, psycopg2.OperationalError("connection refused")), True),
        (IntegrityError("INSERT", None, pg.UniqueViolation("duplicate key")), False),
        (_driver_error("23505"), False),  # unique violation
        (_driver_error("42601"), False),  # syntax error
        (_driver_error(None), False),
        (ObjectMissingError("no such key"), False),
        (ObjectTooLargeError("too many bytes"), False),
        (ValueError("a bug"), False),
    ],
    ids=repr,
)
def test_transient_errors_are_distinguished_from_permanent_ones(
    error: BaseException, transient: bool
) -> None:
    assert is_transient(error) is transient


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://u:p@db/fakeme", "postgresql+psycopg2"),
        ("postgres://u:p@db/fakeme", "postgresql+psycopg2"),
        ("postgresql+psycopg2://u:p@db/fakeme", "postgresql+psycopg2"),
    ],
)
def test_every_url_scheme_uses_psycopg2(url: str, driver: str) -> None:
    assert driver_url(url).drivername == driver


def test_unavailable_database_raises_database_unavailable() -> None:
    engine = connect("postgresql://u:secret@127.0.0.1:1/fakeme")
    with pytest.raises(DatabaseUnavailableError, match="refused") as raised, transaction(engine) as session:
        session.connection()
    assert "secret" not in str(raised.value)
