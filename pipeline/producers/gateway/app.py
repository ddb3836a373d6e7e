"""Puts the gateway's routes, errors and middleware together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from pipeline.producers.gateway import intake, lookup, observation
from pipeline.producers.gateway.body_limit import BodyLimit
from pipeline.producers.gateway.problems import answer_with_problems
from pipeline.producers.gateway.services import Services
from storage import idempotency
from storage.database import transaction
from storage.errors import UnavailableError

_FORGET_SECONDS = 3600.0

log = structlog.get_logger(__name__)

ABOUT = """
For platforms without a Kafka client. Post an event, then read what FakeME says of the post.

* Every call needs an API key: `Authorization: Bearer fk_…`.
* Media are uploaded to the platform's bucket first; an event says where they are.
* An `Idempotency-Key` makes a repeat safe; without one the ids in the body do.
* Errors are `application/problem+json` (RFC 9457) with a `type` that stays.
"""


def create_app(services: Services) -> FastAPI:
    """The gateway as an ASGI application; it closes ``services`` when it ends."""
    app = FastAPI(
        title="FakeME gateway",
        summary="Posts, reports and appeals in; verdicts and tags out.",
        description=ABOUT,
        version=version("fakeme"),
        lifespan=_lifespan,
    )
    app.state.services = services
    answer_with_problems(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(observation.Observation)
    app.include_router(intake.router)
    app.include_router(lookup.router)
    app.include_router(observation.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    services.bell.start()
    forgetting = asyncio.create_task(_forget_old_keys(services))
    try:
        yield
    finally:
        forgetting.cancel()
        with suppress(asyncio.CancelledError):
            await forgetting
        await run_in_threadpool(services.close)


async def _forget_old_keys(services: Services) -> None:
    """Once an hour; that a key is forgotten a little later harms nobody."""
    while True:
        try:
            forgotten = await run_in_threadpool(_forget, services)
            log.info("gateway.keys_forgotten", count=forgotten)
        except UnavailableError as error:
            log.warning("gateway.keys_not_forgotten", error=str(error))
        await asyncio.sleep(_FORGET_SECONDS)


def _forget(services: Services) -> int:
    with transaction(services.engine) as session:
        return idempotency.delete_expired(session)
