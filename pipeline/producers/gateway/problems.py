"""Errors as RFC 9457 problem+json: what was wrong, with which value, and what to do."""

import json
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
from pipeline.producers.gateway.validation_errors import FieldError, field_errors, logged_place, printable
from pipeline.producers.gateway.waiting_limit import TooManyWaitingError
from storage.errors import UnavailableError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5  # a broker or database takes about as long to restart


class ProblemKind(Enum):
    """Each problem's type (the last part of a URN), HTTP status and title."""

    MALFORMED_JSON = ("malformed-json", 400, "The body is not valid JSON")
    NOT_AUTHENTICATED = ("not-authenticated", 401, "A valid API key is required")
    SCOPE_MISSING = ("scope-missing", 403, "The API key does not allow this request")
    POST_UNKNOWN = ("post-unknown", 404, "FakeME does not know this post")
    MANIFEST_UNKNOWN = ("manifest-unknown", 404, "FakeME has no manifest for this payload")
    POST_DIFFERS = ("post-differs", 409, "The post was published with different content")
    POST_ID_TAKEN = ("post-id-taken", 409, "The post id is not available")
    BODY_TOO_LARGE = ("body-too-large", 413, "The body is too large")
    BODY_NOT_JSON = ("body-not-json", 415, "The body must be JSON")
    INVALID_REQUEST = ("invalid-request", 422, "The request is not valid")
    KEY_REUSED = ("idempotency-key-reused", 422, "The Idempotency-Key was used for another request")
    TOO_MANY_REQUESTS = ("too-many-requests", 429, "Too many requests")
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


class ProblemResponse(JSONResponse):
    """problem+json in ASCII: text of a stranger cannot break a reader, a terminal or a log."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """Return ``content`` as JSON with other characters escaped."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


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
        super().__init__(kind.status, printable(detail), headers)
        self.kind = kind
        self.errors = tuple(errors)


def post_unknown(post_id: str) -> Problem:
    """Return the problem for a post that is unknown, or that the caller must not know."""
    return Problem(
        ProblemKind.POST_UNKNOWN,
        f"FakeME does not know post {post_id}: publish it first with POST /v1/posts",
    )


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
        add_log_fields(request, **_log_fields(problem, error))
        return _response(problem)

    handled = (HTTPException, RequestValidationError, TooManyWaitingError, ProducerError, UnavailableError)
    for kind in (*handled, Exception):
        app.add_exception_handler(kind, on_error)


def _problem_of(error: Exception) -> HTTPException:
    """Return the error for the caller; the original may name hosts, users or topics and is only logged."""
    match error:
        case HTTPException():
            return error
        case RequestValidationError():
            return _invalid(error)
        case TooManyWaitingError():
            return Problem(
                ProblemKind.TOO_MANY_REQUESTS,
                "this key has too many requests that wait for a verdict: repeat without `wait`, or later",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        case BrokerUnreachableError() | UnavailableError():
            return _unavailable("the database" if isinstance(error, UnavailableError) else "the broker")
        case EventTooLargeError():
            return Problem(
                ProblemKind.BODY_TOO_LARGE, "the broker does not accept an event of this size: shorten texts"
            )
        case _:
            return Problem(ProblemKind.INTERNAL, "an unexpected error occurred: see the gateway's log")


def _invalid(error: RequestValidationError) -> Problem:
    """Return a problem that lists the invalid fields."""
    errors = field_errors(error.errors())
    return Problem(
        ProblemKind.INVALID_REQUEST,
        "; ".join(field_error.sentence() for field_error in errors),
        errors=errors,
    )


def _log_fields(problem: HTTPException, error: Exception) -> dict[str, object]:
    """Return what is logged: kinds and places of errors, never the values that a stranger sent."""
    if not isinstance(problem, Problem):
        return {"problem": problem.status_code}
    fields: dict[str, object] = {"problem": problem.kind.urn.rpartition(":")[2]}
    if problem.errors:
        fields["fields"] = [logged_place(field_error) for field_error in problem.errors]
    if isinstance(error, ProducerError | UnavailableError):
        fields["cause"] = str(error)  # of our own services
    elif problem.kind is ProblemKind.INTERNAL:
        fields["cause"] = type(error).__name__  # the server logs the traceback
    return fields


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
    return ProblemResponse(
        body.model_dump(mode="json", exclude_defaults=True), error.status_code, dict(error.headers or {})
    )
