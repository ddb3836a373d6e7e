"""Migrates the database schema to the revision that this version needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select

from storage.database import connect
from storage.errors import MigrationError

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x46616B654D45  # "FakeME"; key of an advisory lock, unique within the database


def head() -> str:
    """Return the newest revision that this version knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None  # shipped with the package
    return revision


def current(database_url: str) -> str | None:
    """Return the revision of the database; None if it was never migrated."""
    with _exclusive(database_url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database_url: str, revision: str = "head") -> None:
    """Apply the missing migrations in one transaction; safe to call from several processes at once.

    Raise :class:`MigrationError` if the database is at a revision of a newer version.
    """
    with _exclusive(database_url) as connection, _explained():
        command.upgrade(_config(connection), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Revert the migrations after ``revision`` (``base``: all of them), which deletes their data."""
    with _exclusive(database_url) as connection, _explained():
        command.downgrade(_config(connection), revision)


@contextmanager
def _exclusive(database_url: str) -> Iterator[Connection]:
    engine = connect(database_url, application="fakeme-migrate", statement_timeout_ms=0)
    try:
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise MigrationError(
            f"{error}: run the version of FakeME that created this revision, or a newer one"
        ) from error


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
