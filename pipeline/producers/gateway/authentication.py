"""Admits requests before their body is read: API key, rate limit, then the scope that a route needs."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from pipeline.producers.gateway.json_request import JsonRequest
from pipeline.producers.gateway.problems import Problem, ProblemKind
from pipeline.producers.gateway.rate_limits import RateLimitExceededError
from pipeline.producers.gateway.request_log import add_log_fields
from pipeline.producers.gateway.response_headers import add_response_headers
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.tenants import Caller
from storage import api_keys
from storage.api_keys import Scope
from storage.database import transaction

_CALLER = "fakeme.caller"  # key in the ASGI scope
_documented_bearer = HTTPBearer(  # only for the OpenAPI document: its own error is not problem+json
    auto_error=False,
    scheme_name="API key",
    description="`fk_…`, as shown once by `fakeme api-keys create OWNER`.",
)


class AuthenticatedRoute(APIRoute):
    """A route that admits the request before FastAPI reads its body, so that strangers cost no memory."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, preceded by the admission."""
        handle = super().get_route_handler()

        async def admit_and_handle(request: Request) -> Response:
            request.scope[_CALLER] = await _admit(request)
            return await handle(JsonRequest(request.scope, request.receive))

        return admit_and_handle


def needs(scope: Scope) -> Any:
    """Return the dependency that gives a route its caller, or raises :class:`Problem` (403)."""

    async def caller(request: Request, _: Annotated[object, Depends(_documented_bearer)]) -> Caller:
        admitted = cast(Caller, request.scope[_CALLER])
        if scope not in admitted.scopes:
            raise Problem(
                ProblemKind.SCOPE_MISSING,
                f"this key lacks the scope {scope}: ask the operator for a key with it "
                f"(`fakeme api-keys create OWNER --scope {scope}`)",
            )
        return admitted

    return Depends(caller)


async def _admit(request: Request) -> Caller:
    """Return the caller; raises :class:`Problem` (401, 429).

    A key without a request left is refused before the database is asked, so that a flood costs no query.
    """
    services = cast(Services, request.app.state.services)
    token = _bearer_token(request)
    key_id = api_keys.key_id_of(token)
    if key_id is None:
        raise _not_authenticated("the API key is malformed: send it as it was shown, `fk_…`")
    try:
        services.rate_limiter.check(key_id)
        caller = await run_in_threadpool(_verify, services, token)
        add_log_fields(request, caller=caller.tenant, key_id=caller.key_id)
        add_response_headers(request, services.rate_limiter.take(key_id))
    except RateLimitExceededError as error:
        raise Problem(
            ProblemKind.TOO_MANY_REQUESTS,
            "this key has sent too many requests: repeat the request after Retry-After seconds",
            headers=error.headers,
        ) from error
    return caller


def _bearer_token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _not_authenticated("there is no API key: send `Authorization: Bearer fk_…`")
    return token.strip()


def _verify(services: Services, token: str) -> Caller:
    with transaction(services.engine) as session:
        key = api_keys.verify(session, token)
    if key is None:
        raise _not_authenticated(
            "the API key is unknown, revoked or expired: create a new one with `fakeme api-keys create OWNER`"
        )
    return Caller(key.key_id, key.owner, key.scopes)


def _not_authenticated(detail: str) -> Problem:
    return Problem(ProblemKind.NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})
