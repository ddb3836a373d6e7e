"""Errors as RFC 9457 problem+json: what was wrong, with which value, and what to do."""

from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from pipeline.producers.client.errors import BrokerUnreachableError, EventTooLargeError, ProducerError
from pipeline.producers.gateway.request_log import add_log_fields
from pipeline.producers.gateway.validation_errors import FieldError, field_errors
from storage.errors import UnavailableError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5  # a broker or database takes about as long to restart


class ProblemKind(Enum):
    """Each problem's type (the last part of a URN), HTTP status and title."""

    MALFORMED_JSON = ("malformed-json", 400, "The body is not valid JSON")
    NOT_AUTHENTICATED = ("not-authenticated", 401, "A valid API key is required")
    POST_UNKNOWN = ("post-unknown", 404, "FakeME does not know this post")
    POST_DIFFERS = ("post-differs", 409, "The post was published with different content")
    BODY_TOO_LARGE = ("body-too-large", 413, "The body is too large")
    BODY_NOT_JSON = ("body-not-json", 415, "The body must be JSON")
    INVALID_REQUEST = ("invalid-request", 422, "The request is not valid")
    KEY_REUSED = ("idempotency-key-reused", 422, "The Idempotency-Key was used for another request")
    UNAVAILABLE = ("unavailable", 503, "A required service is unavailable")
    INTERNAL = ("internal", 500, "Internal error")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.urn = f"urn:fakeme:problem:{slug}"
        self.status = status
        self.title = title


class ProblemBody(BaseModel):
    """The body of an error response."""

    type: str = Field(examples=["urn:fakeme:problem:invalid-request"])
    title: str = Field(examples=["The request is not valid"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What was wrong, with which value, and what to do.")
    errors: tuple[FieldError, ...] = Field(default=(), description="The invalid fields.")


class Problem(HTTPException):
    """Raised by any route; the response is problem+json."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.errors = tuple(errors)


def problem_responses(descriptions: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses for problems, from a description of each status code."""
    return {
        status: {"model": ProblemBody, "description": description, "content": {MEDIA_TYPE: {}}}
        for status, description in descriptions.items()
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Make ``app`` answer every error with problem+json."""

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        problem = _problem_of(error)
        add_log_fields(request, problem=problem.detail, cause=None if error is problem else str(error))
        return _response(problem)

    for kind in (HTTPException, RequestValidationError, ProducerError, UnavailableError, Exception):
        app.add_exception_handler(kind, on_error)


def _problem_of(error: Exception) -> HTTPException:
    """Return the error for the caller; the original may name hosts, users or topics and is only logged."""
    match error:
        case HTTPException():
            return error
        case RequestValidationError():
            return _invalid(error)
        case BrokerUnreachableError():
            return _unavailable("the broker")
        case UnavailableError():
            return _unavailable("the database")
        case EventTooLargeError():
            return Problem(
                ProblemKind.BODY_TOO_LARGE, "the broker does not accept an event of this size: shorten texts"
            )
        case _:
            return Problem(ProblemKind.INTERNAL, "an unexpected error occurred: see the gateway's log")


def _invalid(error: RequestValidationError) -> Problem:
    """Return a problem that lists the invalid fields, or the position of the JSON syntax error."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Problem(
            ProblemKind.MALFORMED_JSON,
            f"the body is not valid JSON at character {first['loc'][-1]}: {first['ctx']['error']}",
        )
    errors = field_errors(error.errors())
    return Problem(
        ProblemKind.INVALID_REQUEST,
        "; ".join(field_error.sentence() for field_error in errors),
        errors=errors,
    )


def _unavailable(service: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        f"{service} is unavailable: repeat the same request after {RETRY_SECONDS} seconds",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _response(error: HTTPException) -> JSONResponse:
    if isinstance(error, Problem):
        body = ProblemBody(
            type=error.kind.urn,
            title=error.kind.title,
            status=error.status_code,
            detail=error.detail,
            errors=error.errors,
        )
    else:  # raised by the framework, for an unknown path or method
        title = HTTPStatus(error.status_code).phrase
        body = ProblemBody(type="about:blank", title=title, status=error.status_code, detail=error.detail)
    return JSONResponse(
        body.model_dump(mode="json", exclude_defaults=True),
        error.status_code,
        dict(error.headers or {}),
        media_type=MEDIA_TYPE,
    )
