"""Stored responses of the gateway to requests with an ``Idempotency-Key``, so that a retry gets the same one.

The key is claimed before the request is processed, and the response is stored afterwards
(draft-ietf-httpapi-idempotency-key-header).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.tables import IdempotentRequest

KEPT_FOR = timedelta(hours=24)  # clients are not expected to retry for longer than this; the relay prunes
_UNANSWERED = 0  # not an HTTP status: the request with this key is in progress, or failed


@dataclass(frozen=True)
class Answer:
    """An HTTP response: its status and its JSON body."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """The request that claimed a key, and its response if there is one."""

    request_sha256: str
    answer: Answer | None


def claim(session: Session, owner: str, key: str, request_sha256: str) -> Claim:
    """Claim ``key`` of ``owner`` for this request; return the existing claim if there is one."""
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
    """Store the response to the request that claimed ``key``."""
    session.execute(
        update(IdempotentRequest).where(*_is(owner, key)).values(status=answer.status, response=answer.body)
    )


def _is(owner: str, key: str) -> tuple[Any, Any]:
    return IdempotentRequest.owner == owner, IdempotentRequest.idempotency_key == key
