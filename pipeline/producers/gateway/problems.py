"""Errors as RFC 9457 problem+json: what was wrong, with which value, and what to do."""

from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from pipeline.producers.client.errors import BrokerUnreachableError, EventTooLargeError, ProducerError
from pipeline.producers.gateway.faults import Fault, faults_of
from pipeline.producers.gateway.observation import note
from storage.errors import UnavailableError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5  # a broker or database that restarts is away for about as long


class ProblemKind(Enum):
    """Each problem's type (the last part of a URN), HTTP status and title."""

    MALFORMED_JSON = ("malformed-json", 400, "The body is not JSON")
    NOT_AUTHENTICATED = ("not-authenticated", 401, "A valid API key is needed")
    POST_UNKNOWN = ("post-unknown", 404, "FakeME does not know this post")
    POST_DIFFERS = ("post-differs", 409, "The post was published with other content")
    BODY_TOO_LARGE = ("body-too-large", 413, "The body is too large")
    BODY_NOT_JSON = ("body-not-json", 415, "The body must be JSON")
    INVALID_REQUEST = ("invalid-request", 422, "The request is not valid")
    KEY_REUSED = ("idempotency-key-reused", 422, "The Idempotency-Key belongs to another request")
    UNAVAILABLE = ("unavailable", 503, "A service that is needed is away")
    INTERNAL = ("internal", 500, "FakeME failed")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.urn = f"urn:fakeme:problem:{slug}"
        self.status = status
        self.title = title


class ProblemBody(BaseModel):
    """A problem as it is sent."""

    type: str = Field(examples=["urn:fakeme:problem:invalid-request"])
    title: str = Field(examples=["The request is not valid"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What was wrong, with which value, and what to do.")
    errors: tuple[Fault, ...] = Field(default=(), description="Each field that is wrong.")


class Problem(HTTPException):
    """Raised anywhere under a route, answered as problem+json."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.faults = tuple(faults)


def invalid(error: RequestValidationError) -> Problem:
    """The fields that do not fit, or the place where the body stops being JSON."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Problem(
            ProblemKind.MALFORMED_JSON,
            f"the body stops being JSON at character {first['loc'][-1]}: {first['ctx']['error']}",
        )
    faults = faults_of(error.errors())
    return Problem(
        ProblemKind.INVALID_REQUEST, "; ".join(fault.sentence() for fault in faults), faults=faults
    )


def answer_with_problems(app: FastAPI) -> None:
    """Have every error of ``app`` answered as problem+json."""

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        problem = _problem_of(error)
        note(request, problem=problem.detail, cause=None if error is problem else str(error))
        return _response(problem)

    for kind in (HTTPException, RequestValidationError, ProducerError, UnavailableError, Exception):
        app.add_exception_handler(kind, on_error)


def _problem_of(error: Exception) -> HTTPException:
    """What a caller is told; hosts, users and topics in our own errors are for the log alone."""
    match error:
        case HTTPException():
            return error
        case RequestValidationError():
            return invalid(error)
        case BrokerUnreachableError():
            return _away("the broker")
        case UnavailableError():
            return _away("the database")
        case EventTooLargeError():
            return Problem(
                ProblemKind.BODY_TOO_LARGE, "the broker takes no event of this size: shorten texts"
            )
        case _:
            return Problem(ProblemKind.INTERNAL, "an error that was not expected: it is in the gateway's log")


def _away(what: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        f"{what} is away for now: repeat the same request after {RETRY_SECONDS} seconds",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _response(error: HTTPException) -> JSONResponse:
    if isinstance(error, Problem):
        body = ProblemBody(
            type=error.kind.urn,
            title=error.kind.title,
            status=error.status_code,
            detail=error.detail,
            errors=error.faults,
        )
    else:  # of the framework: no such path, or method
        title = HTTPStatus(error.status_code).phrase
        body = ProblemBody(type="about:blank", title=title, status=error.status_code, detail=error.detail)
    return JSONResponse(
        body.model_dump(mode="json", exclude_defaults=True),
        error.status_code,
        dict(error.headers or {}),
        media_type=MEDIA_TYPE,
    )
