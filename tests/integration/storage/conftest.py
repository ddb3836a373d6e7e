"""A database of its own for each test, copied from the migrated template."""

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from storage.database import connect


@pytest.fixture
def storage_url(server_database_url: str, database_template: URL) -> Iterator[str]:
    """URL of a migrated database without rows."""
    yield from _database(server_database_url, str(database_template.database))


@pytest.fixture
def empty_database(server_database_url: str) -> Iterator[str]:
    """URL of a database without tables."""
    yield from _database(server_database_url, "template1")


@pytest.fixture
def engine(storage_url: str) -> Iterator[Engine]:
    """Connections to a migrated database without rows."""
    engine = connect(storage_url, application="tests")
    yield engine
    engine.dispose()


def _database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(4)}"
    server = create_engine(make_url(server_url), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()
