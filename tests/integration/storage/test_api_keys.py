"""API keys against a real database: only their hash is kept, and a revoked key opens nothing."""

import pytest
from sqlalchemy import Engine, select

from storage import api_keys
from storage.database import transaction
from storage.tables import ApiKey


def test_a_key_is_known_by_its_owner(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")

    with transaction(engine) as session:
        assert api_keys.owner_of(session, issued.token) == "social.example"


def test_the_secret_is_not_kept(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")
    secret = issued.token.rpartition("_")[2]

    with transaction(engine) as session:
        row = session.execute(select(ApiKey.__table__)).one()
    assert secret not in str(row)
    assert issued.key_id in str(row)


def test_only_the_very_token_opens(engine: Engine) -> None:
    with transaction(engine) as session:
        one, other = api_keys.issue(session, "one"), api_keys.issue(session, "other")
    mixed = f"fk_{one.key_id}_{other.token.rpartition('_')[2]}"

    with transaction(engine) as session:
        for token in ("", "fk_", one.token[:-1], one.token + "0", one.token.upper(), mixed, f"{one.token}\n"):
            assert api_keys.owner_of(session, token) is None


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")
        kept = api_keys.issue(session, "social.example")
    with transaction(engine) as session:
        assert api_keys.revoke(session, issued.key_id)

    with transaction(engine) as session:
        assert api_keys.owner_of(session, issued.token) is None
        assert api_keys.owner_of(session, kept.token) == "social.example"
        revoked = {key.key_id: key.revoked_at is not None for key in api_keys.list_keys(session)}
    assert revoked == {issued.key_id: True, kept.key_id: False}


@pytest.mark.parametrize("key_id", ["", "0000000000000000"])
def test_a_key_that_is_not_there_cannot_be_revoked(engine: Engine, key_id: str) -> None:
    with transaction(engine) as session:
        assert not api_keys.revoke(session, key_id)
