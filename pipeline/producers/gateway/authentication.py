"""Who is asking: the API key in ``Authorization: Bearer``."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.producers.gateway.observation import note
from pipeline.producers.gateway.problems import Problem, ProblemKind
from pipeline.producers.gateway.services import Needed
from storage import api_keys
from storage.database import transaction

_bearer = HTTPBearer(
    auto_error=False,  # its own refusal would be no problem+json
    scheme_name="API key",
    description="`fk_…`, as `fakeme api-keys create OWNER` shows it once.",
)


def caller(
    request: Request,
    services: Needed,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """The owner of the key that came; raises :class:`Problem` (401) without a valid one."""
    if credentials is None:
        raise _refused("there is no API key: send `Authorization: Bearer fk_…`")
    with transaction(services.engine) as session:
        owner = api_keys.owner_of(session, credentials.credentials)
    if owner is None:
        raise _refused("the API key is unknown or revoked: `fakeme api-keys create OWNER` makes another")
    note(request, caller=owner)
    return owner


def _refused(detail: str) -> Problem:
    return Problem(ProblemKind.NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})


Caller = Annotated[str, Depends(caller)]  # the name under which the key was issued
