"""The gateway as a worker: an HTTP server that runs until it is told to stop."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from pipeline.producers.client.platform_client import PlatformClient
from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.verdict_bell import VerdictBell
from pipeline.settings import Settings
from storage.database import connect

PUBLISH_SECONDS = 5.0  # then a caller is told to repeat: shorter than any HTTP client waits
STOP_SECONDS = 20  # requests that are still answered after a stop; a worker has 30


class Gateway:
    """Serves on ``host:port``; :meth:`run` in the main thread, :meth:`stop` from a signal handler."""

    def __init__(self, services: Services, *, host: str, port: int) -> None:
        self._services = services
        self._server = _Server(
            uvicorn.Config(
                create_app(services),
                host=host,
                port=port,
                log_config=None,  # structlog has the root logger
                access_log=False,  # `Observation` says it better
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
                lifespan="on",
            )
        )

    @property
    def port(self) -> int:
        """The port in use once it serves, also when any free one was asked for."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    @property
    def alive(self) -> bool:
        """Whether it can still publish, and was not told to stop."""
        return not (self._server.should_exit or self._services.client.broken)

    @property
    def ready(self) -> bool:
        """Whether it serves, and a post would be taken."""
        return self._server.started and self._services.ready()

    def run(self) -> None:
        """Serve until :meth:`stop`."""
        self._server.run()

    def stop(self) -> None:
        """Answer those who wait with what is known, finish what is under way, and end."""
        self._services.bell.dismiss()
        self._server.should_exit = True


def make_gateway(settings: Settings) -> Gateway:
    """The gateway of these settings; it connects when first asked."""
    url = settings.database_url.get_secret_value()
    services = Services(
        client=PlatformClient(settings.kafka_bootstrap, source=settings.source, timeout=PUBLISH_SECONDS),
        engine=connect(url, application="fakeme-gateway"),
        bell=VerdictBell(url),
    )
    return Gateway(services, host=settings.gateway.host, port=settings.gateway.port)


class _Server(uvicorn.Server):
    """Leaves signals to the process, which handles them for every worker alike."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
