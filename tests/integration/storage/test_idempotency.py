"""Idempotency keys in a real database: the first claim is kept for a day."""

from sqlalchemy import Engine

from storage import idempotency
from storage.database import transaction
from storage.idempotency import Answer, Claim

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
