"""A worker that serves an ASGI application over HTTP."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from pipeline.runtime.web_connections import BoundedConnection

STOP_SECONDS = 20  # for requests in progress when the server stops; a worker has 30 in total


def _do_nothing() -> None:
    pass


class WebServer:
    """Serve ``app`` on ``host:port``: :meth:`run` in the main thread, :meth:`stop` from a signal handler.

    ``alive`` and ``ready`` report the state of the application; ``on_stop`` runs once a stop is requested,
    before requests in progress are finished. Port 0 picks any free port. Slow clients are disconnected; see
    :mod:`pipeline.runtime.web_connections`. Of ``trusted_proxies``, addresses and networks, the header
    X-Forwarded-For is believed; everybody else's is ignored.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        alive: Callable[[], bool],
        ready: Callable[[], bool],
        on_stop: Callable[[], None] = _do_nothing,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self._alive = alive
        self._ready = ready
        self._on_stop = on_stop
        self._server = _Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=BoundedConnection,
                ws="none",
                log_config=None,  # structlog configures the root logger
                access_log=False,  # applications log their own requests, with more fields
                server_header=False,
                forwarded_allow_ips=list(trusted_proxies),
                timeout_graceful_shutdown=STOP_SECONDS,
                lifespan="on",
            )
        )

    @property
    def port(self) -> int:
        """The port in use, once the server has started."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    @property
    def alive(self) -> bool:
        """Whether the application is alive and no stop was requested."""
        return not self._server.should_exit and self._alive()

    @property
    def ready(self) -> bool:
        """Whether the server has started and the application is ready."""
        return self._server.started and self._ready()

    def run(self) -> None:
        """Serve until :meth:`stop` is called."""
        self._server.run()

    def stop(self) -> None:
        """Call ``on_stop``, finish requests in progress and return from :meth:`run`."""
        self._on_stop()
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves signals to the process, which handles them the same way for every worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
