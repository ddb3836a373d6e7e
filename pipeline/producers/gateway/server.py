"""The gateway worker: the gateway's application on a web server."""

from pipeline.producers.client.platform_client import PlatformClient
from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.verdict_notifier import VerdictNotifier
from pipeline.runtime.web_server import WebServer
from pipeline.settings import Settings
from storage.database import connect

PUBLISH_SECONDS = 5.0  # shorter than any HTTP client waits; the caller is then asked to repeat the request


def make_gateway(settings: Settings) -> WebServer:
    """Return the gateway for ``settings``; it connects to its services on first use."""
    url = settings.database_url.get_secret_value()
    services = Services(
        client=PlatformClient(settings.kafka_bootstrap, source=settings.source, timeout=PUBLISH_SECONDS),
        engine=connect(url, application="fakeme-gateway"),
        notifier=VerdictNotifier(url),
    )
    return gateway_server(services, host=settings.gateway.host, port=settings.gateway.port)


def gateway_server(services: Services, *, host: str, port: int) -> WebServer:
    """Return a web server for the gateway that uses ``services``."""
    return WebServer(
        create_app(services),
        host=host,
        port=port,
        alive=lambda: not services.client.broken,
        ready=services.ready,
        on_stop=services.notifier.release_all,
    )
