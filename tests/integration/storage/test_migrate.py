from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from storage import api_keys, migrate
from storage.api_keys import Scope, VerifiedKey
from storage.database import connect, transaction
from storage.errors import MigrationError
from storage.tables import Base


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_migrations_match_the_models(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []
    assert migrate.current(database_url) == migrate.head()


def test_upgrade_downgrade_and_upgrade_work_from_any_folder(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert migrate.current(empty_database) is None
    migrate.upgrade(empty_database)
    assert _tables(empty_database) == {*Base.metadata.tables, "alembic_version"}
    migrate.downgrade(empty_database, "base")
    assert _tables(empty_database) == {"alembic_version"}
    migrate.upgrade(empty_database)
    assert migrate.current(empty_database) == migrate.head()


def test_keys_from_before_scopes_keep_all_rights_without_expiry(empty_database: str) -> None:
    migrate.upgrade(empty_database, "0001")
    engine = connect(empty_database)
    with engine.begin() as connection:
        secret = sha256(b"0" * 64).hexdigest()
        connection.execute(
            text("INSERT INTO api_keys (key_id, secret_sha256, owner) VALUES (:id, :secret, 'old.example')"),
            {"id": "0" * 16, "secret": secret},
        )

    migrate.upgrade(empty_database)

    with transaction(engine) as session:
        key = api_keys.verify(session, f"fk_{'0' * 16}_{'0' * 64}")
    engine.dispose()
    assert key == VerifiedKey("0" * 16, "old.example", frozenset(Scope))


def test_concurrent_upgrades_wait_for_each_other(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate.upgrade, [empty_database] * 4))
    assert migrate.current(empty_database) == migrate.head()


def test_database_of_a_newer_version_is_rejected(empty_database: str) -> None:
    migrate.upgrade(empty_database)
    engine = create_engine(empty_database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MigrationError, match="9999"):
        migrate.upgrade(empty_database)
    engine.dispose()
