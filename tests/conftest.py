"""Real services for tests: one local stack per session, or the external services of the environment."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import boto3
import psycopg2
import psycopg2.errors
import pytest
from botocore.config import Config
from psycopg2 import sql
from sqlalchemy.engine import URL, make_url

from infra.buckets import create_buckets
from infra.local.credentials import S3Key, load_or_create_credentials
from infra.local.seaweedfs import EVIDENCE_BUCKET, MEDIA_BUCKET
from infra.local.stack import Endpoints, LocalStack
from infra.topics import declare_topics
from pipeline.operations.external_services import EXTERNAL, services_are_external
from storage.migrate import upgrade

# Tests start many processes. Without cached bytecode, each compiles all that it imports; torch alone takes
# 4 s of CPU time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the session's servers."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def stack(stack_folder: Path) -> Iterator[Endpoints]:
    """Kafka with all topics, S3 with both buckets and PostgreSQL, in a temporary folder on free ports."""
    if services_are_external(os.environ):
        yield _external()
        return
    with LocalStack(stack_folder) as local:
        yield local.endpoints


@pytest.fixture(scope="session")
def s3_admin(stack: Endpoints, stack_folder: Path) -> S3Key:
    """The key of S3's administrator; skips the test if the service is external."""
    file = stack_folder / "credentials.json"
    if not file.exists():
        pytest.skip("the administrator's key of an external service is not known")
    return load_or_create_credentials(file).s3_admin


@pytest.fixture(scope="session")
def kafka_bootstrap(stack: Endpoints) -> str:
    """``host:port`` of the broker. All tests share its topics: use unique groups and post ids."""
    return stack.kafka_bootstrap


@pytest.fixture(scope="session")
def make_s3(stack: Endpoints) -> Callable[[str, str], "boto3.client"]:
    """Creates an S3 client from an access key and a secret key."""

    def make(access_key: str, secret_key: str) -> "boto3.client":
        return boto3.client(
            "s3",
            endpoint_url=stack.s3_endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}),
        )

    return make


@pytest.fixture(scope="session")
def s3(stack: Endpoints, make_s3: Callable[[str, str], "boto3.client"]) -> "boto3.client":
    """FakeME's S3 client: reads ``platform-media``, writes ``fakeme-evidence``."""
    return make_s3(stack.s3_access_key, stack.s3_secret_key)


@pytest.fixture(scope="session")
def platform_s3(stack: Endpoints, make_s3: Callable[[str, str], "boto3.client"]) -> "boto3.client":
    """The platform's S3 client: reads and writes ``platform-media``."""
    return make_s3(stack.platform_s3_access_key, stack.platform_s3_secret_key)


@pytest.fixture(scope="session")
def server_database_url(stack: Endpoints) -> str:
    """SQLAlchemy URL of the database that tests use to create their own databases."""
    return stack.database_url


@pytest.fixture(scope="session")
def database_template(server_database_url: str) -> Iterator[URL]:
    """A migrated database, used as the template for test databases."""
    server = make_url(server_database_url)
    template = server.set(database=f"template_{secrets.token_hex(4)}")
    _execute(server, "CREATE DATABASE {}", template)
    upgrade(template.render_as_string(hide_password=False))
    yield template
    _drop(server, template)


@pytest.fixture(scope="module")
def database_url(server_database_url: str, database_template: URL) -> Iterator[str]:
    """SQLAlchemy URL of a migrated, empty database for each test module."""
    server = make_url(server_database_url)
    fresh = server.set(database=f"test_{secrets.token_hex(4)}")
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", fresh, database_template)
    yield fresh.render_as_string(hide_password=False)
    _drop(server, fresh)


def _drop(server: URL, database: URL) -> None:
    """Drop a database. Only a superuser may end an autovacuum worker in it, so wait until it is done."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return _execute(server, "DROP DATABASE {} WITH (FORCE)", database)
        except psycopg2.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _execute(server: URL, statement: str, *databases: URL) -> None:
    names = [sql.Identifier(str(url.database)) for url in databases]
    connection = psycopg2.connect(
        host=server.host,
        port=server.port,
        user=server.username,
        password=server.password,
        dbname=server.database,
    )
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*names))


def _external() -> Endpoints:
    """Return the external services of the environment; create missing topics and buckets."""
    own = (os.environ["FAKEME_S3_ACCESS_KEY"], os.environ["FAKEME_S3_SECRET_KEY"])
    platform = (
        os.environ.get("FAKEME_PLATFORM_S3_ACCESS_KEY", own[0]),
        os.environ.get("FAKEME_PLATFORM_S3_SECRET_KEY", own[1]),
    )
    bootstrap, endpoint, database_url = (os.environ[name] for name in EXTERNAL)
    declare_topics(bootstrap)
    create_buckets(endpoint, *own, (MEDIA_BUCKET, EVIDENCE_BUCKET))
    return Endpoints(bootstrap, endpoint, *own, *platform, database_url)
