"""Publishes a submitted event once per idempotency key and stores the answer.

1. Claim the idempotency key. If the request was answered before, return that answer.
2. Publish. The event id is derived from the content, so a repeat after a crash creates no second event.
3. Store the post, so that its verdict can be requested at once, and the answer in one transaction.
"""

from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy.orm import Session

from pipeline.producers.gateway.problems import Problem, ProblemKind
from pipeline.producers.gateway.request_bodies import Accepted
from pipeline.producers.gateway.services import Services
from schemas.posts import PostAppealed, PostCreated, PostReported
from storage import idempotency, posts
from storage.database import transaction
from storage.idempotency import Answer

SubmittedEvent = PostCreated | PostReported | PostAppealed


@dataclass(frozen=True)
class Submission:
    """The identity of a request: its caller, its idempotency key (None if it has none) and its content."""

    caller: str
    idempotency_key: str | None
    content_sha256: str


def submit(services: Services, submission: Submission, event: SubmittedEvent) -> Accepted:
    """Publish ``event`` unless this submission was answered before; raises :class:`Problem`."""
    with transaction(services.engine) as session:
        earlier_answer = _earlier_answer(session, submission)
        if earlier_answer is not None:
            return earlier_answer
        _check_unchanged(session, event)
    event_id = services.client.send(event).result()
    accepted = Accepted(
        event_id=event_id, post_id=event.post_id, verdict=f"/v1/posts/{event.post_id}/verdict"
    )
    with transaction(services.engine) as session:
        if isinstance(event, PostCreated):
            posts.keep(session, event)
        _keep_answer(session, submission, accepted)
    return accepted


def _earlier_answer(session: Session, submission: Submission) -> Accepted | None:
    key = submission.idempotency_key
    if key is None:
        return None
    claim = idempotency.claim(session, submission.caller, key, submission.content_sha256)
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
        idempotency.keep_answer(session, submission.caller, submission.idempotency_key, answer)


def _check_unchanged(session: Session, event: SubmittedEvent) -> None:
    if not isinstance(event, PostCreated):
        return
    published = posts.find(session, event.post_id)
    if published is not None and published != event:
        raise Problem(
            ProblemKind.POST_DIFFERS,
            f"post {event.post_id} was published before with different content, which stays in effect: "
            "submit an edited post under a new id",
        )
