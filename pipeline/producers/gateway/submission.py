"""Publishes a submitted event once per idempotency key and stores the answer.

1. In one transaction: claim the idempotency key (if the request was answered before, return that answer), and
   claim the post for the caller's tenant, or check that it is the tenant's.
2. Publish. The event id is derived from the content, so a repeat after a crash creates no second event.
3. Store the post, so that its verdict can be requested at once, and the answer in one transaction.
"""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from pipeline.producers.client.events import publication
from pipeline.producers.gateway.problems import Problem, ProblemKind, post_unknown
from pipeline.producers.gateway.request_bodies import Accepted
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.tenants import Caller, event_source
from schemas.posts import PostAppealed, PostCreated, PostReported
from storage import idempotency, post_owners, posts
from storage.database import transaction
from storage.idempotency import Answer

SubmittedEvent = PostCreated | PostReported | PostAppealed


@dataclass(frozen=True)
class Submission:
    """The identity of a request: its caller, its idempotency key (None if it has none) and its content."""

    caller: Caller
    idempotency_key: str | None
    content_sha256: str


async def submit(services: Services, submission: Submission, event: SubmittedEvent) -> Accepted:
    """Publish ``event`` unless this submission was answered before; raises :class:`Problem`.

    No thread is held while the broker is waited for, so that its outage does not stop reading.
    """
    earlier_answer = await run_in_threadpool(_admit, services, submission, event)
    if earlier_answer is not None:
        return earlier_answer
    source = event_source(services.source, submission.caller.tenant)
    event_id = await asyncio.wrap_future(services.publisher.send(publication(event, source)))
    accepted = Accepted(
        event_id=event_id, post_id=event.post_id, verdict=f"/v1/posts/{event.post_id}/verdict"
    )
    await run_in_threadpool(_store, services, submission, event, accepted)
    return accepted


def _admit(services: Services, submission: Submission, event: SubmittedEvent) -> Accepted | None:
    """Return the earlier answer if there is one; raises :class:`Problem` for an event that is refused."""
    with transaction(services.engine) as session:
        earlier_answer = _earlier_answer(session, submission)
        if earlier_answer is None:
            _check_post(session, submission.caller, event)
    return earlier_answer


def _store(services: Services, submission: Submission, event: SubmittedEvent, accepted: Accepted) -> None:
    with transaction(services.engine) as session:
        if isinstance(event, PostCreated):
            posts.keep(session, event)
        _keep_answer(session, submission, accepted)


def _earlier_answer(session: Session, submission: Submission) -> Accepted | None:
    key = submission.idempotency_key
    if key is None:
        return None
    claim = idempotency.claim(session, submission.caller.tenant, key, submission.content_sha256)
    if claim.request_sha256 != submission.content_sha256:
        raise Problem(
            ProblemKind.KEY_REUSED,
            f"the Idempotency-Key {key!r} was used for a different request: "
            "use a new key for a new request, or repeat the earlier request byte for byte",
        )
    return None if claim.answer is None else Accepted.model_validate(claim.answer.body)


def _keep_answer(session: Session, submission: Submission, accepted: Accepted) -> None:
    if submission.idempotency_key is not None:
        answer = Answer(HTTPStatus.ACCEPTED, accepted.model_dump(mode="json"))
        idempotency.keep_answer(session, submission.caller.tenant, submission.idempotency_key, answer)


def _check_post(session: Session, caller: Caller, event: SubmittedEvent) -> None:
    if isinstance(event, PostCreated):
        _claim_post(session, caller, event)
    elif not caller.sees(post_owners.owner_of(session, event.post_id)):
        raise post_unknown(event.post_id)


def _claim_post(session: Session, caller: Caller, post: PostCreated) -> None:
    """Make the caller's tenant the owner of a new post; raises :class:`Problem` if the id is taken.

    A post that came by Kafka is known and has no owner: only a caller that sees it may adopt it.
    """
    published = posts.find(session, post.post_id)
    if published is None or caller.sees(None):
        owner: str | None = post_owners.claim(session, post.post_id, caller.tenant)
    else:
        owner = post_owners.owner_of(session, post.post_id)
    if not caller.sees(owner):
        raise Problem(
            ProblemKind.POST_ID_TAKEN,
            f"the id {post.post_id} is not available: choose another one, such as one that begins with your "
            "platform's name",
        )
    if published is not None and published != post:
        raise Problem(
            ProblemKind.POST_DIFFERS,
            f"post {post.post_id} was published before with different content, which stays in effect: "
            "submit an edited post under a new id",
        )
