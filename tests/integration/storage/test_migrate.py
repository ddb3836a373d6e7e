from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from storage import migrate
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
