"""The routes that accept posts, reports and appeals."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.responses import JSONResponse

from pipeline.producers.gateway.authentication import AuthenticatedRoute, needs
from pipeline.producers.gateway.problems import Problem, ProblemKind, problem_responses
from pipeline.producers.gateway.request_bodies import Accepted, NewAppeal, NewPost, NewReport
from pipeline.producers.gateway.request_log import add_log_fields
from pipeline.producers.gateway.services import InjectedServices, Services
from pipeline.producers.gateway.submission import Submission, SubmittedEvent, submit
from pipeline.producers.gateway.tenants import Caller
from storage.api_keys import Scope

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[ -~]+$",  # a header may carry other bytes, but their encoding is not defined
        description="A new value of your choice for each request, printable ASCII. Repeating a request with "
        "the same key returns the same answer for 24 hours; a different request with that key is refused.",
    ),
]
_MAX_TYPE_LENGTH = 80  # characters; a header may have 64 KB


async def _require_json(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        sent = content_type[:_MAX_TYPE_LENGTH] or "missing"
        raise Problem(
            ProblemKind.BODY_NOT_JSON, f"Content-Type is {sent}: send `Content-Type: application/json`"
        )


async def _submission(request: Request, caller: Caller, idempotency_key: str | None) -> Submission:
    content = request.scope["path"].encode() + b"\n" + await request.body()
    return Submission(caller, idempotency_key, sha256(content).hexdigest())


router = APIRouter(
    prefix="/v1",
    tags=["Events"],
    route_class=AuthenticatedRoute,
    dependencies=[Depends(_require_json)],
    responses=problem_responses(
        {
            400: "The body is not valid JSON.",
            401: "The API key is missing or invalid.",
            403: "The key lacks the scope for this request.",
            404: "A report or an appeal concerns a post that the key's tenant did not publish.",
            409: "The post was published before with different content, or its id is taken.",
            413: "The body is larger than any valid event.",
            415: "The Content-Type is not application/json.",
            422: "A field is invalid, or the Idempotency-Key was used for another request.",
            429: "The key has sent too many requests: repeat after Retry-After seconds.",
            503: "The broker or the database is unavailable: repeat after Retry-After seconds.",
        }
    ),
)
_accepted: dict[str, Any] = {
    "status_code": status.HTTP_202_ACCEPTED,
    "response_model": Accepted,
    "response_description": "The broker has stored the event.",
}


@router.post("/posts", summary="Submit a post before it is shown", **_accepted)
async def create_post(
    request: Request,
    body: NewPost,
    services: InjectedServices,
    caller: Annotated[Caller, needs(Scope.PUBLISH)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Publish a post on `posts.created`. Submitting the same post again has no further effect."""
    submission = await _submission(request, caller, idempotency_key)
    return await _respond(request, services, submission, body.event())


@router.post("/reports", summary="Submit a user's report of a post", **_accepted)
async def create_report(
    request: Request,
    body: NewReport,
    services: InjectedServices,
    caller: Annotated[Caller, needs(Scope.REPORT)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Publish a report on `posts.reported`. The post must be one that the key's tenant published."""
    submission = await _submission(request, caller, idempotency_key)
    return await _respond(request, services, submission, body.event())


@router.post("/appeals", summary="Submit an author's appeal", **_accepted)
async def create_appeal(
    request: Request,
    body: NewAppeal,
    services: InjectedServices,
    caller: Annotated[Caller, needs(Scope.REPORT)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Publish an appeal against a tag or decision on `posts.appealed`."""
    submission = await _submission(request, caller, idempotency_key)
    return await _respond(request, services, submission, body.event())


async def _respond(
    request: Request, services: Services, submission: Submission, event: SubmittedEvent
) -> Response:
    accepted = await submit(services, submission, event)
    add_log_fields(request, post_id=accepted.post_id, event_id=str(accepted.event_id))
    return JSONResponse(
        accepted.model_dump(mode="json"), status.HTTP_202_ACCEPTED, {"Location": accepted.verdict}
    )
