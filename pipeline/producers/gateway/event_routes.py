"""The routes that take posts, reports and appeals."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.responses import JSONResponse

from pipeline.producers.gateway.acceptance import Submission, SubmittedEvent, accept
from pipeline.producers.gateway.auth import Caller
from pipeline.producers.gateway.bodies import Accepted, NewAppeal, NewPost, NewReport
from pipeline.producers.gateway.observation import note
from pipeline.producers.gateway.problems import MEDIA_TYPE, Problem, ProblemBody, ProblemKind
from pipeline.producers.gateway.services import Needed


async def _json_body(request: Request) -> None:
    essence = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if essence != "application/json":
        raise Problem(
            ProblemKind.BODY_NOT_JSON,
            f"Content-Type is {essence or 'missing'}: send `Content-Type: application/json`",
        )


async def _submission(
    request: Request,
    caller: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="Of your choice, one for each request: a repeat with the same key gets the same "
            "answer for 24 hours; another request with it is refused.",
        ),
    ] = None,
) -> Submission:
    content = request.url.path.encode() + b"\n" + await request.body()
    return Submission(caller, idempotency_key, sha256(content).hexdigest())


_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemBody, "description": why, "content": {MEDIA_TYPE: {}}}
    for code, why in {
        400: "The body is not JSON.",
        401: "No valid API key.",
        409: "The post was published before, with other content.",
        413: "The body is larger than any valid event.",
        415: "The body is not said to be JSON.",
        422: "A field is wrong, or the Idempotency-Key was used for another request.",
        503: "Broker or database is away: repeat after Retry-After seconds.",
    }.items()
}

router = APIRouter(
    prefix="/v1",
    tags=["Events in"],
    dependencies=[Depends(_json_body)],
    responses=_REFUSALS,
)
_accepted: dict[str, Any] = {
    "status_code": status.HTTP_202_ACCEPTED,
    "response_model": Accepted,
    "response_description": "The event is in the broker for good.",
}


@router.post("/posts", summary="A post is about to be shown", **_accepted)
def create_post(
    request: Request, body: NewPost, services: Needed, submission: Annotated[Submission, Depends(_submission)]
) -> Response:
    """Publish a post on `posts.created`. Its id is its identity: the same post again changes nothing."""
    return _respond(request, services, submission, body.event())


@router.post("/reports", summary="A user reports a post", **_accepted)
def create_report(
    request: Request,
    body: NewReport,
    services: Needed,
    submission: Annotated[Submission, Depends(_submission)],
) -> Response:
    """Publish a report on `posts.reported`; give the media if FakeME may not have seen the post."""
    return _respond(request, services, submission, body.event())


@router.post("/appeals", summary="An author appeals", **_accepted)
def create_appeal(
    request: Request,
    body: NewAppeal,
    services: Needed,
    submission: Annotated[Submission, Depends(_submission)],
) -> Response:
    """Publish an appeal against a tag or decision on `posts.appealed`."""
    return _respond(request, services, submission, body.event())


def _respond(request: Request, services: Needed, submission: Submission, event: SubmittedEvent) -> Response:
    accepted = accept(services, submission, event)
    note(request, post_id=accepted.post_id, event_id=str(accepted.event_id))
    return JSONResponse(
        accepted.model_dump(mode="json"), status.HTTP_202_ACCEPTED, {"Location": accepted.verdict}
    )
