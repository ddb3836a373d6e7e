"""API keys in a real database: only the hash is stored, and a revoked key is rejected."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, select, update

from storage import api_keys
from storage.api_keys import TENANT_SCOPES, Scope
from storage.database import transaction
from storage.errors import ApiKeyInvalidError
from storage.tables import ApiKey


def test_key_identifies_its_owner(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")

    with transaction(engine) as session:
        key = api_keys.verify(session, issued.token)
    assert key is not None
    assert (key.key_id, key.owner) == (issued.key_id, "social.example")


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
            assert api_keys.verify(session, token) is None


def test_revoked_key_is_rejected_and_stays_in_the_list(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")
        kept = api_keys.issue(session, "social.example")
    with transaction(engine) as session:
        assert api_keys.revoke(session, issued.key_id)

    with transaction(engine) as session:
        assert api_keys.verify(session, issued.token) is None
        assert api_keys.verify(session, kept.token) is not None
        revoked = {key.key_id: key.revoked_at is not None for key in api_keys.list_keys(session)}
    assert revoked == {issued.key_id: True, kept.key_id: False}


@pytest.mark.parametrize("key_id", ["", "0000000000000000"])
def test_unknown_key_cannot_be_revoked(engine: Engine, key_id: str) -> None:
    with transaction(engine) as session:
        assert not api_keys.revoke(session, key_id)


@pytest.mark.parametrize("owner", ["", "  ", " social.example", "a\nb", "a\x00b", "\ud800", "x" * 129])
def test_a_key_without_a_proper_owner_is_refused(engine: Engine, owner: str) -> None:
    with transaction(engine) as session, pytest.raises(ApiKeyInvalidError, match="is not a name"):
        api_keys.issue(session, owner)


def test_a_key_without_a_scope_is_refused(engine: Engine) -> None:
    with transaction(engine) as session, pytest.raises(ApiKeyInvalidError, match="allows nothing"):
        api_keys.issue(session, "social.example", scopes=())


def test_a_key_allows_only_its_scopes(engine: Engine) -> None:
    with transaction(engine) as session:
        reader = api_keys.issue(session, "social.example", scopes=(Scope.READ,))
        usual = api_keys.issue(session, "social.example")

    with transaction(engine) as session:
        keys = [api_keys.verify(session, issued.token) for issued in (reader, usual)]
    assert [key and key.scopes for key in keys] == [{Scope.READ}, set(TENANT_SCOPES)]


def test_an_expired_key_is_rejected(engine: Engine) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example", expires_at=later)
    with transaction(engine) as session:
        assert api_keys.verify(session, issued.token) is not None

    _change(engine, issued.key_id, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    with transaction(engine) as session:
        assert api_keys.verify(session, issued.token) is None


@pytest.mark.parametrize(
    ("seconds_ago", "recorded"), [(None, True), (90, True), (30, False)], ids=["never", "old", "recent"]
)
def test_the_last_use_is_recorded_at_most_once_a_minute(
    engine: Engine, seconds_ago: int | None, recorded: bool
) -> None:
    last_use = None if seconds_ago is None else datetime.now(UTC) - timedelta(seconds=seconds_ago)
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")
    _change(engine, issued.key_id, last_used_at=last_use)

    with transaction(engine) as session:
        api_keys.verify(session, issued.token)

    with transaction(engine) as session:
        now_recorded = session.execute(select(ApiKey.last_used_at)).scalar_one()
    assert (now_recorded != last_use) == recorded


def test_a_key_of_the_version_before_keeps_working_with_all_scopes(engine: Engine) -> None:
    with transaction(engine) as session:
        issued = api_keys.issue(session, "social.example")
        row = session.execute(select(ApiKey.key_id, ApiKey.secret_sha256)).one()
    with engine.begin() as connection:
        connection.execute(ApiKey.__table__.delete())
        connection.execute(
            insert(ApiKey).values(key_id=row.key_id, secret_sha256=row.secret_sha256, owner="social.example")
        )

    with transaction(engine) as session:
        key = api_keys.verify(session, issued.token)
    assert key is not None
    assert key.scopes == set(Scope)


def _change(engine: Engine, key_id: str, **values: datetime | None) -> None:
    with transaction(engine) as session:
        session.execute(update(ApiKey).where(ApiKey.key_id == key_id).values(**values))
