"""Writes one log line and updates the metrics for each API request."""

import time

import structlog
from fastapi import Request
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG_FIELDS = "fakeme.log_fields"  # key in the ASGI scope
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # a client may invent others

REQUESTS = Counter("fakeme_gateway_requests_total", "HTTP requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "fakeme_gateway_request_seconds",
    "Time from the request to the end of its response, including the wait for a verdict.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

log = structlog.get_logger(__name__)


def add_log_fields(request: Request, **fields: object) -> None:
    """Add ``fields`` to the log line of ``request``."""
    request.scope.get(_LOG_FIELDS, {}).update(fields)  # requests that are not logged have no fields


class RequestLog:
    """ASGI middleware that logs and measures requests under ``/v1/``; probes are not logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, then log it."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        scope[_LOG_FIELDS] = {}

        async def send_and_keep_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_keep_status)
        finally:
            _record(scope, status, time.perf_counter() - started)


def _record(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    template = getattr(route, "path", "none")  # not the path itself: its ids would make endless label values
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, template, status).inc()
    REQUEST_SECONDS.labels(method, template).observe(seconds)
    fields = {
        "method": method,
        "route": template,  # nor in the log: a path may hold anything
        "status": status,
        "seconds": round(seconds, 4),
    }
    log.info("gateway.request", **fields, **scope[_LOG_FIELDS])
