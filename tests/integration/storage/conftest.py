"""A database of its own for each test, copied from one that was migrated once."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from storage.database import connect
from storage.migrate import upgrade


def _server(database_url: str) -> Engine:
    return create_engine(make_url(database_url), isolation_level="AUTOCOMMIT")


@pytest.fixture
def empty_database(server_database_url: str) -> Iterator[str]:
    """URL of a database without tables."""
    yield from _database(server_database_url, "template1")


@pytest.fixture(scope="session")
def migrated_template(server_database_url: str) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to."""
    for url in _database(server_database_url, "template1"):
        upgrade(url)
        yield make_url(url).database or ""


@pytest.fixture
def storage_url(server_database_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a migrated database without rows."""
    yield from _database(server_database_url, migrated_template)


@pytest.fixture
def engine(storage_url: str) -> Iterator[Engine]:
    """Connections to a migrated database without rows."""
    engine = connect(storage_url)
    yield engine
    engine.dispose()


def _database(database_url: str, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    server = _server(database_url)
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()
