"""Takes an event once: claims its idempotency key, publishes it, and keeps what was answered.

1. Claim the key; a repeat of an answered request ends here.
2. Publish. The event's id comes from its content, so that a repeat after a crash makes no second event.
3. Keep the post, so that its verdict can be asked for at once, and the answer, in one transaction.
"""

from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy.orm import Session

from pipeline.producers.gateway.bodies import Accepted
from pipeline.producers.gateway.problems import Problem, ProblemKind
from pipeline.producers.gateway.services import Services
from schemas.posts import PostAppealed, PostCreated, PostReported
from storage import idempotency, posts
from storage.database import transaction
from storage.idempotency import Answer

SubmittedEvent = PostCreated | PostReported | PostAppealed


@dataclass(frozen=True)
class Submission:
    """Who sent a request, under which idempotency key (None: without), with which content."""

    caller: str
    idempotency_key: str | None
    content_sha256: str


def accept(services: Services, submission: Submission, event: SubmittedEvent) -> Accepted:
    """Publish ``event`` unless this submission was answered before; raises :class:`Problem`."""
    with transaction(services.engine) as session:
        before = _answered(session, submission)
        if before is not None:
            return before
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


def _answered(session: Session, submission: Submission) -> Accepted | None:
    key = submission.idempotency_key
    if key is None:
        return None
    claim = idempotency.claim(session, submission.caller, key, submission.content_sha256)
    if claim.request_sha256 != submission.content_sha256:
        raise Problem(
            ProblemKind.KEY_REUSED,
            f"the Idempotency-Key {key!r} came with another request before: "
            "choose a new key for a new request, or repeat the old one byte for byte",
        )
    return None if claim.answer is None else Accepted.model_validate(claim.answer.body)


def _keep_answer(session: Session, submission: Submission, accepted: Accepted) -> None:
    if submission.idempotency_key is not None:
        answer = Answer(HTTPStatus.ACCEPTED, accepted.model_dump(mode="json"))
        idempotency.keep_answer(session, submission.caller, submission.idempotency_key, answer)


def _check_unchanged(session: Session, event: SubmittedEvent) -> None:
    if not isinstance(event, PostCreated):
        return
    before = posts.find(session, event.post_id)
    if before is not None and before != event:
        raise Problem(
            ProblemKind.POST_DIFFERS,
            f"post {event.post_id} was published before with other content, and that one stands: "
            "give an edited post an id of its own",
        )
