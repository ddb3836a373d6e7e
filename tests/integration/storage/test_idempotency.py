"""Idempotency keys in a real database: the first claim is kept for a day."""

from datetime import timedelta

from sqlalchemy import Engine, func, update

from storage import idempotency
from storage.database import transaction
from storage.idempotency import KEPT_FOR, Answer, Claim
from storage.tables import IdempotentRequest

ACCEPTED = Answer(202, {"event_id": "e1"})


def test_first_claim_wins(engine: Engine) -> None:
    with transaction(engine) as session:
        assert idempotency.claim(session, "ann", "k", "first") == Claim("first", None)

    with transaction(engine) as session:
        assert idempotency.claim(session, "ann", "k", "second") == Claim("first", None)
        assert idempotency.claim(session, "bob", "k", "second") == Claim("second", None)


def test_stored_response_is_returned_again(engine: Engine) -> None:
    with transaction(engine) as session:
        idempotency.claim(session, "ann", "k", "first")
        idempotency.keep_answer(session, "ann", "k", ACCEPTED)

    with transaction(engine) as session:
        assert idempotency.claim(session, "ann", "k", "first") == Claim("first", ACCEPTED)


def test_claim_is_rolled_back_with_failed_work(engine: Engine) -> None:
    with transaction(engine) as session:
        idempotency.claim(session, "ann", "k", "first")
        session.rollback()

    with transaction(engine) as session:
        assert idempotency.claim(session, "ann", "k", "second") == Claim("second", None)


def test_only_claims_older_than_a_day_are_deleted(engine: Engine) -> None:
    with transaction(engine) as session:
        idempotency.claim(session, "ann", "old", "first")
        idempotency.claim(session, "ann", "new", "first")
        too_old = func.now() - KEPT_FOR - timedelta(seconds=1)
        session.execute(
            update(IdempotentRequest).where(IdempotentRequest.idempotency_key == "old").values(at=too_old)
        )

    with transaction(engine) as session:
        assert idempotency.delete_expired(session) == 1
        assert idempotency.claim(session, "ann", "old", "second") == Claim("second", None)
        assert idempotency.claim(session, "ann", "new", "second") == Claim("first", None)
