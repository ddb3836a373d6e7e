"""A TCP proxy that can stop forwarding without closing anything, as if a machine vanished."""

import socket
import threading
from types import TracebackType
from typing import Self

READ_BYTES = 65_536
ACCEPT_SECONDS = 0.2  # upper bound on the delay of :meth:`TcpProxy.close`


class TcpProxy:
    """Forwards connections to ``host:port`` until :meth:`freeze`; after that, bytes stay where they are."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(ACCEPT_SECONDS)
        self._sockets: list[socket.socket] = []
        self._frozen = threading.Event()
        self._closed = threading.Event()
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def port(self) -> int:
        """The port to connect to, on 127.0.0.1."""
        return int(self._listener.getsockname()[1])

    def freeze(self) -> None:
        """Stop forwarding in both directions; neither side learns of it."""
        self._frozen.set()

    def close(self) -> None:
        """Close all connections."""
        self._closed.set()
        self._accepting.join()
        for connection in (self._listener, *self._sockets):
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client = self._listener.accept()[0]
            except TimeoutError:
                continue
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while (data := source.recv(READ_BYTES)) and not self._frozen.is_set():
                target.sendall(data)
            if not self._frozen.is_set():
                target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # a side closed its connection, or the test ended
