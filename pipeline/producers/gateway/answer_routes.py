"""The routes that answer what FakeME thinks of a post."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from pipeline.consumers.tagging.policy import TAGGED_BY_LABEL
from pipeline.producers.gateway.auth import caller
from pipeline.producers.gateway.observation import note
from pipeline.producers.gateway.problems import MEDIA_TYPE, Problem, ProblemBody, ProblemKind
from pipeline.producers.gateway.services import Needed
from schemas.base import PlatformId
from schemas.tags import DEEPFAKE_TAG, CauseKind, TagCause
from schemas.verdicts import VerdictIssued
from storage import posts, tags, verdicts
from storage.database import transaction

MAX_WAIT_SECONDS = 30  # proxies commonly give up on a silent request after 60
RETRY_SECONDS = 1  # a warm pipeline answers a picture within two


class Pending(BaseModel):
    """The post is known, its answer is not there yet."""

    post_id: str
    status: str = Field(default="pending", description="Always `pending`.")


class TagState(BaseModel):
    """Whether a post should carry the tag."""

    post_id: str
    tag: str = DEEPFAKE_TAG
    tagged: bool = Field(description="Whether the platform should show the tag.")
    cause: TagCause | None = Field(
        default=None, description="The verdict or decision that it stands on; null if none says yes or no."
    )
    changed_at: datetime | None = None


def _seconds(text: object) -> object:
    written = re.fullmatch(r"(\d+(?:\.\d+)?)s?", str(text))
    return written[1] if written else text


PostId = Annotated[PlatformId, Path(examples=["post-1"])]
Wait = Annotated[
    float,
    BeforeValidator(_seconds),
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="How long to wait for the answer if it is not there yet: seconds, at most 30.",
        examples=["5s"],
    ),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?s?$", "default": "0s"}),
]

_REFUSALS: dict[int | str, dict[str, Any]] = {
    202: {"model": Pending, "description": "Not judged yet: ask again, or with a longer `wait`."},
    **{
        code: {"model": ProblemBody, "description": why, "content": {MEDIA_TYPE: {}}}
        for code, why in {
            401: "No valid API key.",
            404: "FakeME never saw this post.",
            422: "The post's id or `wait` is wrong.",
            503: "The database is away: repeat after Retry-After seconds.",
        }.items()
    },
}

router = APIRouter(
    prefix="/v1/posts/{post_id}",
    tags=["Answers out"],
    dependencies=[Depends(caller)],
    responses=_REFUSALS,
)


@router.get("/verdict", summary="The newest verdict on a post", response_model=VerdictIssued | Pending)
async def read_verdict(
    request: Request, post_id: PostId, services: Needed, response: Response, wait: Wait = 0.0
) -> VerdictIssued | Pending:
    """Answers as soon as there is a verdict, and at the latest after `wait`."""
    found = await services.bell.wait(
        post_id, wait, lambda: run_in_threadpool(_newest_verdict, services.engine, post_id)
    )
    if found is not None:
        note(request, verdict_id=str(found.verdict_id), label=found.label.value)
        return found
    return await run_in_threadpool(_pending, services.engine, post_id, response)


@router.get("/tag", summary="The tag of a post", response_model=TagState | Pending)
def read_tag(post_id: PostId, services: Needed, response: Response) -> TagState | Pending:
    """Whether the post should carry `#Deepfake`, and by which verdict or decision."""
    with transaction(services.engine) as session:
        row = tags.find(session, post_id)
        verdict = verdicts.latest(session, post_id)
    if row is not None:
        cause = TagCause(kind=CauseKind(row.cause_kind), id=row.cause_id)
        return TagState(post_id=post_id, tagged=row.tagged, cause=cause, changed_at=row.changed_at)
    if verdict is not None and verdict.label not in TAGGED_BY_LABEL:
        return TagState(post_id=post_id, tagged=False)
    return _pending(services.engine, post_id, response)


def _newest_verdict(engine: Engine, post_id: str) -> VerdictIssued | None:
    with transaction(engine) as session:
        return verdicts.latest(session, post_id)


def _pending(engine: Engine, post_id: str, response: Response) -> Pending:
    with transaction(engine) as session:
        known = posts.find(session, post_id) is not None
    if not known:
        raise Problem(
            ProblemKind.POST_UNKNOWN, f"FakeME never saw post {post_id}: publish it with POST /v1/posts first"
        )
    response.status_code = status.HTTP_202_ACCEPTED
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return Pending(post_id=post_id)
