"""The first tenant that claims a post owns it, whoever comes later or at the same time."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine

from storage import post_owners
from storage.database import transaction


def _claim(engine: Engine, post_id: str, owner: str) -> str:
    with transaction(engine) as session:
        return post_owners.claim(session, post_id, owner)


def test_the_first_claim_counts(engine: Engine) -> None:
    assert _claim(engine, "p1", "a.example") == "a.example"
    assert _claim(engine, "p1", "b.example") == "a.example"
    assert _claim(engine, "p2", "b.example") == "b.example"

    with transaction(engine) as session:
        owners = [post_owners.owner_of(session, post_id) for post_id in ("p1", "p2", "p3")]
    assert owners == ["a.example", "b.example", None]


def test_claims_at_the_same_time_agree_on_one_owner(engine: Engine) -> None:
    tenants = [f"tenant-{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            owners = set(threads.map(lambda tenant: _claim(engine, f"p{number}", tenant), tenants))  # noqa: B023

            assert len(owners) == 1
