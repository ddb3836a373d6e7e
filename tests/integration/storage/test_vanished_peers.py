"""Both ends of a database connection notice that the other vanished without closing it."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import Engine, text

from storage.database import connect, connection_options, driver_url, transaction
from storage.errors import DatabaseUnavailableError

SERVER_SETTINGS = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "idle_in_transaction_session_timeout": "100ms",
}


@pytest.fixture
def impatient(database_url: str) -> Iterator[Engine]:
    """Connections that the server closes after 100 ms without a statement in a transaction."""
    engine = connect(database_url, idle_timeout_ms=100)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("setting", "value"), SERVER_SETTINGS.items())
def test_server_looks_for_vanished_clients(impatient: Engine, setting: str, value: str) -> None:
    with transaction(impatient) as session:
        assert session.execute(text(f"SHOW {setting}")).scalar_one() == value


@pytest.mark.parametrize(
    ("level", "option", "value"),
    [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000),
    ],
)
def test_client_looks_for_vanished_servers(database_url: str, level: int, option: int, value: int) -> None:
    url = driver_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with (
        closing(psycopg2.connect(url, **connection_options("test"))) as connection,
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as client,
    ):
        assert client.getsockopt(level, option) == value


def test_transaction_that_was_idle_for_too_long_can_be_retried(impatient: Engine, engine: Engine) -> None:
    with pytest.raises(DatabaseUnavailableError):
        _idle_until_the_server_ends_it(impatient, engine)


def _idle_until_the_server_ends_it(impatient: Engine, observing: Engine) -> None:
    with transaction(impatient) as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        _wait_for_end_of(observing, pid)
        session.execute(text("SELECT 1"))


def _wait_for_end_of(engine: Engine, pid: int) -> None:
    running = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    deadline = time.monotonic() + 10
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as observer:
        while observer.execute(running, {"pid": pid}).scalar_one():
            assert time.monotonic() < deadline, f"PostgreSQL did not end process {pid} within 10 s"
