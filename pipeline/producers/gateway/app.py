"""The gateway's ASGI application: its routes, errors and middleware."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from pipeline.producers.gateway import answer_routes, event_routes, provenance_routes
from pipeline.producers.gateway.body_limit import BodyLimit
from pipeline.producers.gateway.problems import add_problem_handlers
from pipeline.producers.gateway.request_log import RequestLog
from pipeline.producers.gateway.response_headers import ResponseHeaders
from pipeline.producers.gateway.services import Services

if TYPE_CHECKING:
    from pipeline.producers.gateway.verify_page.page import VerifyPage

log = structlog.get_logger(__name__)

DESCRIPTION = """
For platforms without a Kafka client. Post an event, then read FakeME's verdict on the post.

* Requests need an API key: `Authorization: Bearer fk_…`. A key sees only the posts of its tenant.
* `/v1/provenance` needs no key: whoever reads a watermark may ask whose it is.
* Upload media to the platform's bucket first; events contain only their URIs.
* Send an `Idempotency-Key` to repeat a request safely; without one, the ids in the body make repeats safe.
* Errors are `application/problem+json` (RFC 9457) with a stable `type`.
* `RateLimit` tells how many requests the key, or the address without one, has left; after `429`, wait for
  `Retry-After` seconds.
"""


def create_app(services: Services, *, docs: bool = False, page: "VerifyPage | None" = None) -> FastAPI:
    """Return the gateway as an ASGI application, which closes ``services`` when it shuts down.

    ``docs``: also serve the OpenAPI document and page, without a key. ``page``: also serve /verify.
    """
    app = FastAPI(
        title="FakeME gateway",
        summary="Submit posts, reports and appeals; read verdicts and tags; find manifests.",
        description=DESCRIPTION,
        version=version("fakeme"),
        lifespan=_lifespan,
        redirect_slashes=False,  # a redirect would name the host that the client claimed
        openapi_url="/openapi.json" if docs else None,  # None also disables the pages
    )
    app.state.services = services
    app.state.verify_page = page
    add_problem_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(ResponseHeaders)
    app.add_middleware(RequestLog)
    app.include_router(event_routes.router)
    app.include_router(answer_routes.router)
    app.include_router(provenance_routes.router)
    if page is not None:
        from pipeline.producers.gateway.verify_page import routes  # noqa: PLC0415 - only when needed

        app.include_router(routes.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    page: VerifyPage | None = app.state.verify_page
    services.notifier.start()
    if page is not None:
        page.queue.start()
    try:
        yield
    finally:
        if page is not None:
            await run_in_threadpool(page.queue.close)
        await run_in_threadpool(services.close)
