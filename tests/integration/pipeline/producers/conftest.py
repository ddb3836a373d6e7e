"""Fixtures of a platform on real services: the SDK, the gateway's application and an API key."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from infra.local.stack import Endpoints
from pipeline.producers import PlatformClient, S3Access
from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.verdict_notifier import VerdictNotifier
from storage import api_keys
from storage.database import connect, transaction

SOURCE = "//social.example"


@pytest.fixture(scope="session")
def platform_access(stack: Endpoints) -> S3Access:
    """The platform's access to its bucket."""
    return S3Access(stack.s3_endpoint, stack.platform_s3_access_key, stack.platform_s3_secret_key)


@pytest.fixture
def platform(kafka_bootstrap: str, platform_access: S3Access) -> Iterator[PlatformClient]:
    """A platform's SDK client."""
    with PlatformClient(kafka_bootstrap, source=SOURCE, s3=platform_access) as client:
        yield client


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to the database behind the gateway."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def token(engine: Engine) -> str:
    """An API key."""
    with transaction(engine) as session:
        return api_keys.issue(session, "social.example").token


@pytest.fixture
def gateway(kafka_bootstrap: str, database_url: str, token: str) -> Iterator[TestClient]:
    """A client of the gateway on real services, with a valid key."""
    services = Services(
        client=PlatformClient(kafka_bootstrap, source=SOURCE),
        engine=connect(database_url),
        notifier=VerdictNotifier(database_url),
    )
    with TestClient(create_app(services), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client
