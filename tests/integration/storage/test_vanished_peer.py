"""A client that vanishes without closing its connection does not keep its locks."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from storage import outbox
from storage.database import IDLE_IN_TRANSACTION_MS, connect, transaction

TAKEOVER_SECONDS = 30.0


class Network:
    """Forwards connections to the database until it is cut; nobody is told then."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._cut = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Forward nothing more, and keep all connections open."""
        self._cut.set()

    def close(self) -> None:
        self._cut.set()
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed at the end of the test
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(self._target)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self._cut.is_set():
                    return
                sink.sendall(data)


@pytest.fixture
def network(database_url: str) -> Iterator[Network]:
    url = make_url(database_url)
    network = Network(url.host or "127.0.0.1", url.port or 5432)
    yield network
    network.close()


@pytest.fixture
def remote(network: Network, database_url: str) -> Engine:
    url = make_url(database_url).set(host="127.0.0.1", port=network.port)
    return connect(url.render_as_string(hide_password=False))


def test_a_standby_takes_over_from_a_relay_that_vanished(
    network: Network, remote: Engine, database_url: str
) -> None:
    # given a relay that holds the lock in a transaction
    vanished = Session(remote)
    assert outbox.try_lock(vanished)
    standby = connect(database_url)
    assert not _takes_lock(standby)

    # when it vanishes
    network.cut()
    start = time.monotonic()
    while not _takes_lock(standby):
        assert time.monotonic() - start < TAKEOVER_SECONDS
        threading.Event().wait(0.5)


def test_server_and_client_notice_a_dead_connection(database_url: str) -> None:
    with transaction(connect(database_url)) as session:
        values = {
            name: session.scalar(text(f"SHOW {name}"))
            for name in (
                "tcp_keepalives_idle",
                "tcp_keepalives_interval",
                "tcp_keepalives_count",
                "tcp_user_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
        client = session.connection().connection.dbapi_connection
        assert client is not None
        with socket.socket(fileno=_duplicate(client.fileno())) as descriptor:  # type: ignore[attr-defined]
            assert descriptor.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert descriptor.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5

    assert values == {
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "15s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_MS // 1000}s",
    }


def _takes_lock(engine: Engine) -> bool:
    with transaction(engine) as session:
        return outbox.try_lock(session)


def _duplicate(descriptor: int) -> int:
    import os

    return os.dup(descriptor)
