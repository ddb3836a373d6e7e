"""The routes that return the verdict on a post and the state of its tag."""

import re
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from pipeline.producers.gateway.authentication import AuthenticatedRoute, needs
from pipeline.producers.gateway.problems import post_unknown, problem_responses
from pipeline.producers.gateway.request_bodies import URL_SAFE
from pipeline.producers.gateway.request_log import add_log_fields
from pipeline.producers.gateway.services import InjectedServices, Services
from pipeline.producers.gateway.tenants import Caller
from schemas.base import PlatformId
from schemas.tags import DEEPFAKE_TAG, TAGGED_BY_LABEL, CauseKind, TagCause
from schemas.verdicts import VerdictIssued
from storage import post_owners, posts, tags, verdicts
from storage.api_keys import Scope
from storage.database import transaction

MAX_WAIT_SECONDS = 30  # proxies commonly close a request after 60 seconds without a response
RETRY_SECONDS = 1  # a warm pipeline issues the verdict on a picture within two seconds


class Pending(BaseModel):
    """The post is known, but there is no answer yet."""

    post_id: str
    status: str = Field(default="pending", description="Always `pending`.")


class TagState(BaseModel):
    """Whether a post should carry the tag."""

    post_id: str
    tag: str = DEEPFAKE_TAG
    tagged: bool = Field(description="Whether the platform should show the tag.")
    cause: TagCause | None = Field(
        default=None,
        description="The verdict or decision that set or removed the tag; null if the tag was never set.",
    )
    changed_at: datetime | None = None


def _seconds(text: object) -> object:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s?", str(text))
    return match[1] if match else text


PostId = Annotated[PlatformId, URL_SAFE, Path(examples=["post-1"])]
Reader = Annotated[Caller, needs(Scope.READ)]
Wait = Annotated[
    float,
    BeforeValidator(_seconds),
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="How long to wait for the answer if there is none yet: seconds, at most 30.",
        examples=["5s"],
    ),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?s?$", "default": "0s"}),
]

router = APIRouter(
    prefix="/v1/posts/{post_id}",
    tags=["Answers"],
    route_class=AuthenticatedRoute,
    responses={
        202: {"model": Pending, "description": "No verdict yet: repeat the request, or use a longer `wait`."},
        **problem_responses(
            {
                401: "The API key is missing or invalid.",
                403: "The key lacks the scope `read`.",
                404: "FakeME does not know this post, or another tenant published it.",
                422: "The post id or `wait` is invalid.",
                429: "Too many requests, or too many that wait: repeat after Retry-After seconds.",
                503: "The database is unavailable: repeat after Retry-After seconds.",
            }
        ),
    },
)


@router.get("/verdict", summary="Read the newest verdict on a post", response_model=VerdictIssued | Pending)
async def read_verdict(
    *,
    request: Request,
    post_id: PostId,
    caller: Reader,
    services: InjectedServices,
    response: Response,
    wait: Wait = 0.0,
) -> VerdictIssued | Pending:
    """Return the newest verdict as soon as there is one. After `wait`, return `pending`."""
    await run_in_threadpool(_check_visible, services.engine, caller, post_id)
    verdict = await _await_verdict(services, caller, post_id, wait)
    if verdict is not None:
        add_log_fields(request, verdict_id=str(verdict.verdict_id), label=verdict.label.value)
        return verdict
    return await run_in_threadpool(_pending, services.engine, post_id, response)


@router.get("/tag", summary="Read the tag of a post", response_model=TagState | Pending)
def read_tag(
    post_id: PostId, caller: Reader, services: InjectedServices, response: Response
) -> TagState | Pending:
    """Return whether the post should carry `#Deepfake`, and which verdict or decision is the reason."""
    _check_visible(services.engine, caller, post_id)
    with transaction(services.engine) as session:
        row = tags.find(session, post_id)
        verdict = verdicts.latest(session, post_id)
    if row is not None:
        cause = TagCause(kind=CauseKind(row.cause_kind), id=row.cause_id)
        return TagState(post_id=post_id, tagged=row.tagged, cause=cause, changed_at=row.changed_at)
    if verdict is not None and verdict.label not in TAGGED_BY_LABEL:
        return TagState(post_id=post_id, tagged=False)
    return _pending(services.engine, post_id, response)


async def _await_verdict(
    services: Services, caller: Caller, post_id: str, wait: float
) -> VerdictIssued | None:
    """Return the newest verdict; wait for one up to ``wait`` seconds."""
    with services.waiting_limit.hold(caller.key_id) if wait > 0 else nullcontext():
        return await services.notifier.wait(
            post_id, wait, lambda: run_in_threadpool(_newest_verdict, services.engine, post_id)
        )


def _check_visible(engine: Engine, caller: Caller, post_id: str) -> None:
    """Raise :class:`Problem` (404) for a post of another tenant, as for an unknown one."""
    with transaction(engine) as session:
        owner = post_owners.owner_of(session, post_id)
    if not caller.sees(owner):
        raise post_unknown(post_id)


def _newest_verdict(engine: Engine, post_id: str) -> VerdictIssued | None:
    with transaction(engine) as session:
        return verdicts.latest(session, post_id)


def _pending(engine: Engine, post_id: str, response: Response) -> Pending:
    with transaction(engine) as session:
        known = posts.find(session, post_id) is not None
    if not known:
        raise post_unknown(post_id)
    response.status_code = status.HTTP_202_ACCEPTED
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return Pending(post_id=post_id)
