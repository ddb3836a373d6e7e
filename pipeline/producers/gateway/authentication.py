"""Authenticates requests by the API key in ``Authorization: Bearer``."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.producers.gateway.problems import Problem, ProblemKind
from pipeline.producers.gateway.request_log import add_log_fields
from pipeline.producers.gateway.services import InjectedServices
from storage import api_keys
from storage.database import transaction

_bearer = HTTPBearer(
    auto_error=False,  # its own error response is not problem+json
    scheme_name="API key",
    description="`fk_…`, as shown once by `fakeme api-keys create OWNER`.",
)


def caller(
    request: Request,
    services: InjectedServices,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """Return the owner of the API key; raises :class:`Problem` (401) if the key is missing or invalid."""
    if credentials is None:
        raise _not_authenticated("there is no API key: send `Authorization: Bearer fk_…`")
    with transaction(services.engine) as session:
        owner = api_keys.owner_of(session, credentials.credentials)
    if owner is None:
        raise _not_authenticated(
            "the API key is unknown or revoked: create a new one with `fakeme api-keys create OWNER`"
        )
    add_log_fields(request, caller=owner)
    return owner


def _not_authenticated(detail: str) -> Problem:
    return Problem(ProblemKind.NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})


Caller = Annotated[str, Depends(caller)]  # the name under which the key was issued
