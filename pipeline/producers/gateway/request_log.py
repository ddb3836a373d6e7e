"""One log line and one observation for each request; and the probes that operators ask."""

import time

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.producers.gateway.services import Needed

_NOTES = "fakeme.notes"  # key in the ASGI scope

REQUESTS = Counter("fakeme_gateway_requests_total", "HTTP requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "fakeme_gateway_request_seconds",
    "From the request to the end of its answer, waiting for a verdict included.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)


def note(request: Request, **fields: object) -> None:
    """Add ``fields`` to the request's one log line."""
    request.scope.get(_NOTES, {}).update(fields)  # probes have no line


class Observation:
    """ASGI middleware around everything; the probes are no news."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, then say how it went."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        scope[_NOTES] = {}

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            _conclude(scope, status, time.perf_counter() - began)


def _conclude(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    template = getattr(route, "path", "none")  # never the path itself: its ids would be labels without end
    REQUESTS.labels(scope["method"], template, status).inc()
    REQUEST_SECONDS.labels(scope["method"], template).observe(seconds)
    line = {"method": scope["method"], "path": scope["path"], "status": status, "seconds": round(seconds, 4)}
    log.info("gateway.request", **line, **scope[_NOTES])


@router.get("/healthz")
async def healthz() -> Response:
    """The event loop turns."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
def readyz(services: Needed) -> Response:
    """Broker and database answer."""
    ready = services.ready()
    return Response("ok\n" if ready else "not ready\n", 200 if ready else 503, media_type="text/plain")


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
