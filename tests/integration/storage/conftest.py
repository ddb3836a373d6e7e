"""A database for each module, emptied before each test, which is faster than a database for each test."""

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from storage.database import connect
from storage.tables import Base
from tests.integration.storage.moderation_queue import ModerationQueue


@pytest.fixture(scope="module")
def connections(database_url: str) -> Iterator[Engine]:
    """Connections to the module's database."""
    engine = connect(database_url, application="tests")
    yield engine
    engine.dispose()


@pytest.fixture
def engine(connections: Engine) -> Engine:
    """Connections to a migrated database without rows."""
    with connections.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    return connections


@pytest.fixture
def queue(engine: Engine) -> ModerationQueue:
    """An empty moderation queue."""
    return ModerationQueue(engine)


@pytest.fixture
def empty_database(server_database_url: str) -> Iterator[str]:
    """URL of a database without tables."""
    name = f"test_{secrets.token_hex(4)}"
    server = create_engine(make_url(server_database_url), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield make_url(server_database_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()
