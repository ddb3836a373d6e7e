"""The HTTP server that every worker runs for /healthz, /readyz and /metrics."""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietRequestHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: probes come every few seconds."""


class HealthServer:
    """Serves liveness, readiness and Prometheus metrics from its own thread.

    ``alive`` returns False if the process should be restarted, ``ready`` if it cannot accept work now.
    Raises :class:`~pipeline.errors.SettingsError` if it cannot listen on ``host:port``.
    """

    def __init__(self, host: str, port: int, *, alive: Callable[[], bool], ready: Callable[[], bool]) -> None:
        self._probes = {"/healthz": alive, "/readyz": ready}
        self._metrics = make_wsgi_app()
        self._server = self._listen(host, port)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    def _listen(self, host: str, port: int) -> WSGIServer:
        try:
            return make_server(
                host, port, self._respond, server_class=_ThreadingServer, handler_class=_QuietRequestHandler
            )
        except OSError as error:
            raise SettingsError(
                f"FAKEME_HEALTH_PORT: cannot listen on {host}:{port} ({error.strerror}); "
                "choose another port, or 0 for any free one"
            ) from error

    @property
    def port(self) -> int:
        """The port that the server listens on, also if it was started with port 0 (any free port)."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Start to serve requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; returns when the socket is closed."""
        self._server.shutdown()
        self._server.server_close()

    def _respond(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        probe = self._probes.get(environ["PATH_INFO"])
        if probe is None:
            response: Iterable[bytes] = self._metrics(environ, start_response)
            return response
        passed = probe()
        start_response("200 OK" if passed else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"ok\n" if passed else b"not ready\n"]
