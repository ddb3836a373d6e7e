"""What the gateway answered to requests with an ``Idempotency-Key``, so that a repeat gets the same answer.

The key is claimed before the work and the answer kept after it (draft-ietf-httpapi-idempotency-key-header).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.tables import IdempotentRequest

KEPT_FOR = timedelta(hours=24)  # the longest that a client may sensibly go on repeating
_UNANSWERED = 0  # no HTTP status: the request with this key is still at work, or failed on the way


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: its status and its JSON body."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """Which request a key stands for, and what that was answered, if it was."""

    request_sha256: str
    answer: Answer | None


def claim(session: Session, owner: str, key: str, request_sha256: str) -> Claim:
    """Take ``key`` of ``owner`` for this request, unless another request has it: then that one's claim."""
    session.execute(
        insert(IdempotentRequest)
        .values(
            owner=owner,
            idempotency_key=key,
            request_sha256=request_sha256,
            status=_UNANSWERED,
            response={},
        )
        .on_conflict_do_nothing()
    )
    row = session.execute(select(IdempotentRequest).where(*_is(owner, key))).scalar_one()
    answer = None if row.status == _UNANSWERED else Answer(row.status, row.response)
    return Claim(row.request_sha256, answer)


def keep_answer(session: Session, owner: str, key: str, answer: Answer) -> None:
    """Keep the answer to the request that claimed ``key``."""
    session.execute(
        update(IdempotentRequest).where(*_is(owner, key)).values(status=answer.status, response=answer.body)
    )


def forget_old(session: Session) -> int:
    """Forget claims older than :data:`KEPT_FOR`; returns how many."""
    old = delete(IdempotentRequest).where(IdempotentRequest.at < func.now() - KEPT_FOR)
    return len(session.execute(old.returning(IdempotentRequest.idempotency_key)).all())


def _is(owner: str, key: str) -> tuple[Any, Any]:
    return IdempotentRequest.owner == owner, IdempotentRequest.idempotency_key == key
