"""API keys in a real database: only the hash is stored, and a revoked key is rejected."""

import pytest
from sqlalchemy import Engine, select

from storage import api_keys
from storage.database import transaction
from storage.tables import ApiKey


def test_key_identifies_its_owner(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")

    with transaction(engine) as session:
        assert api_keys.owner_of(session, issued.token) == "social.example"


def test_secret_is_not_stored(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")
    secret = issued.token.rpartition("_")[2]

    with transaction(engine) as session:
        row = session.execute(select(ApiKey.__table__)).one()
    assert secret not in str(row)
    assert issued.key_id in str(row)


def test_only_the_exact_token_is_accepted(engine: Engine) -> None:
    with transaction(engine) as session:
        first, second = api_keys.issue(session, "first"), api_keys.issue(session, "second")
    mixed = f"fk_{first.key_id}_{second.token.rpartition('_')[2]}"

    with transaction(engine) as session:
        for token in (
            "",
            "fk_",
            first.token[:-1],
            first.token + "0",
            first.token.upper(),
            mixed,
            f"{first.token}\n",
        ):
            assert api_keys.owner_of(session, token) is None


def test_revoked_key_is_rejected_and_stays_in_the_list(engine: Engine) -> None:
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
def test_unknown_key_cannot_be_revoked(engine: Engine, key_id: str) -> None:
    with transaction(engine) as session:
        assert not api_keys.revoke(session, key_id)
