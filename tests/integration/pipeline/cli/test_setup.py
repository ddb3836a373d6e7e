"""`fakeme setup` prepares the configured services."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, inspect, make_url, text
from typer.testing import CliRunner

from pipeline.cli import cli
from pipeline.cli.setup import SetupError
from pipeline.settings import load_settings
from schemas.topics import TOPICS
from storage.migrate import head
from storage.tables import Base


@pytest.fixture
def new_database(server_database_url: str) -> Iterator[str]:
    """URL of a database without tables."""
    server = create_engine(make_url(server_database_url), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text('DROP DATABASE IF EXISTS "setup_test"'))
        connection.execute(text('CREATE DATABASE "setup_test"'))
    yield make_url(server_database_url).set(database="setup_test").render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text('DROP DATABASE "setup_test" WITH (FORCE)'))
    server.dispose()


@pytest.fixture
def deployed(
    monkeypatch: pytest.MonkeyPatch, kafka_bootstrap: str, new_database: str
) -> Iterator[pytest.MonkeyPatch]:
    """An environment that names the services, as in a container."""
    monkeypatch.setenv("FAKEME_KAFKA_BOOTSTRAP", kafka_bootstrap)
    monkeypatch.setenv("FAKEME_DATABASE_URL", new_database)
    load_settings.cache_clear()
    yield monkeypatch
    load_settings.cache_clear()


def test_setup_creates_tables_and_is_idempotent(deployed: pytest.MonkeyPatch, new_database: str) -> None:
    first = CliRunner().invoke(cli, ["setup", "--no-buckets"], catch_exceptions=False)
    second = CliRunner().invoke(cli, ["setup", "--no-buckets"], catch_exceptions=False)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert second.stdout == f"topics: all exist\ndatabase: at revision {head()}\n"
    assert set(inspect(create_engine(new_database)).get_table_names()) >= set(Base.metadata.tables)


def test_setup_without_bucket_settings_names_them(
    deployed: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    deployed.setenv("FAKEME_HOME", str(tmp_path_factory.mktemp("no-stack")))
    for name in ("FAKEME_S3_ENDPOINT", "FAKEME_S3_ACCESS_KEY", "FAKEME_S3_SECRET_KEY"):
        deployed.delenv(name, raising=False)
    load_settings.cache_clear()

    with pytest.raises(SetupError, match=r"buckets need FAKEME_S3_ENDPOINT.* use --no-buckets"):
        CliRunner().invoke(cli, ["setup"], catch_exceptions=False)


def test_every_topic_exists_after_setup(deployed: pytest.MonkeyPatch, kafka_bootstrap: str) -> None:
    from infra.probes import kafka_topics

    CliRunner().invoke(cli, ["setup", "--no-buckets"], catch_exceptions=False)

    partitions = kafka_topics(kafka_bootstrap)
    assert {topic.name: partitions.get(topic.name) for topic in TOPICS} == {
        topic.name: topic.partitions for topic in TOPICS
    }
