"""Fixtures of a platform on real services: the SDK, the gateway's application and an API key."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from infra.local.stack import Endpoints
from pipeline.producers import PlatformClient, S3Access
from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.server import make_services
from pipeline.producers.gateway.services import Services
from pipeline.settings import GatewaySettings
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
def services(kafka_bootstrap: str, database_url: str) -> Services:
    """The gateway's services, without a limit that a test could reach by accident."""
    settings = GatewaySettings(
        requests_per_second=10_000, burst=100_000, address_requests_per_second=10_000, address_burst=100_000
    )
    return make_services(settings, brokers=kafka_bootstrap, database_url=database_url, source=SOURCE)


@pytest.fixture
def gateway(services: Services, token: str) -> Iterator[TestClient]:
    """A client of the gateway on real services, with a valid key."""
    with TestClient(create_app(services), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client
