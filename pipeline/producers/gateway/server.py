"""The gateway worker: the gateway's application on a web server."""

from functools import partial
from typing import TYPE_CHECKING

from infra.brokers import Brokers
from pipeline.producers.client.publisher import EventPublisher
from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.rate_limits import RateLimit, RateLimiter
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.verdict_notifier import VerdictNotifier
from pipeline.producers.gateway.waiting_limit import WaitingLimit
from pipeline.runtime.web_server import WebServer
from pipeline.settings import GatewaySettings, Settings
from storage.database import connect

if TYPE_CHECKING:
    from pipeline.producers.gateway.verify_page.page import VerifyPage
    from pipeline.producers.gateway.verify_page.verifier import VerifierFactory

PUBLISH_SECONDS = 5.0  # shorter than any HTTP client waits; the caller is then asked to repeat the request


def make_gateway(settings: Settings, make_verifier: "VerifierFactory") -> WebServer:
    """Return the gateway for ``settings``; it connects to its services on first use.

    ``make_verifier`` is called, later, if the page /verify is switched on.
    """
    services = make_services(
        settings.gateway,
        brokers=settings.brokers,
        database_url=settings.database_url.get_secret_value(),
        source=settings.source,
    )
    return gateway_server(services, settings.gateway, _page(settings, make_verifier))


def make_services(
    settings: GatewaySettings, *, brokers: str | Brokers, database_url: str, source: str
) -> Services:
    """Return the gateway's services; ``source`` is the CloudEvents source to which tenants are appended."""
    return Services(
        publisher=EventPublisher(brokers, timeout=PUBLISH_SECONDS),
        source=source,
        engine=connect(database_url, application="fakeme-gateway"),
        notifier=VerdictNotifier(database_url),
        rate_limiter=RateLimiter(RateLimit(settings.requests_per_second, settings.burst)),
        address_limiter=RateLimiter(
            RateLimit(settings.address_requests_per_second, settings.address_burst), policy="address"
        ),
        waiting_limit=WaitingLimit(settings.waiting_per_key),
    )


def gateway_server(
    services: Services, settings: GatewaySettings, page: "VerifyPage | None" = None
) -> WebServer:
    """Return a web server for the gateway that uses ``services``, with the page /verify unless None."""
    return WebServer(
        create_app(services, docs=settings.docs, page=page),
        host=settings.host,
        port=settings.port,
        alive=lambda: not services.publisher.broken and not (page is not None and page.queue.failed),
        ready=services.ready,
        on_stop=services.notifier.release_all,
        trusted_proxies=settings.trusted_proxies,
    )


def _page(settings: Settings, make_verifier: "VerifierFactory") -> "VerifyPage | None":
    if not settings.gateway.verify_page:
        return None
    from pipeline.producers.gateway.verify_page.page import make_page  # noqa: PLC0415 - loads templates

    return make_page(settings.gateway, partial(make_verifier, settings, settings.gateway.verify_max_bytes))
