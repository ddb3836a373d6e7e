"""Anybody may ask whose a watermark is, at a bounded rate: the manifest and what it states are public."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from sqlalchemy import Engine, delete, event

from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.provenance_routes import wants_manifest
from pipeline.producers.gateway.rate_limits import RateLimit, RateLimiter
from pipeline.producers.gateway.server import gateway_server
from pipeline.producers.gateway.services import Services
from pipeline.settings import GatewaySettings
from storage import manifests
from storage.database import connect, transaction
from storage.tables import ManifestRow
from tests.integration.pipeline.producers.test_gateway_fuzz import PATH_IDS, check, fuzzed
from tests.manifests import manifest

MANIFEST = manifest()
PATH = f"/v1/provenance/{MANIFEST.payload}"


@pytest.fixture(autouse=True)
def stored(engine: Engine) -> str:
    """The one stored manifest; the time at which it was stored, as in answers."""
    with transaction(engine) as session:
        session.execute(delete(ManifestRow))
        manifests.add(session, MANIFEST)
    with transaction(engine) as session:
        found = manifests.find(session, MANIFEST.payload)
    assert found is not None
    return found.stored_at.isoformat().replace("+00:00", "Z")


@pytest.fixture
def anybody(services: Services) -> Iterator[TestClient]:
    """A client without an API key."""
    with TestClient(create_app(services)) as client:
        yield client


@contextmanager
def limited(services: Services, burst: int) -> Iterator[Services]:
    limiter = RateLimiter(RateLimit(per_second=0.1, burst=burst), policy="address")
    yield replace(services, address_limiter=limiter)


@pytest.mark.parametrize("payload", ["0000000abc123", "0000000ABC123", "abc123", "0ABC123"])
def test_what_the_manifest_states_is_returned_without_a_key(
    anybody: TestClient, stored: str, payload: str
) -> None:
    answer = anybody.get(f"/v1/provenance/{payload}")

    assert (answer.status_code, answer.headers["vary"]) == (200, "Accept")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "payload": "0000000abc123",
        "request_id": "request-1",
        "model": "swapper",
        "model_version": "1.2",
        "actions": ["c2pa.created", "c2pa.watermarked.bound"],
        "digital_source_type": MANIFEST.digital_source_type,
        "signer": "Example Organisation",
        "sha256": "a" * 64,
        "media_type": "image/jpeg",
        "stored_at": stored,
    }


def test_the_manifest_itself_is_returned_on_request(anybody: TestClient) -> None:
    answer = anybody.get(PATH, headers={"Accept": "application/c2pa"})

    assert (answer.status_code, answer.headers["vary"]) == (200, "Accept")
    assert answer.headers["content-type"] == "application/c2pa"
    assert answer.content == MANIFEST.content


@pytest.mark.parametrize(
    ("accept", "manifest"),
    [
        ("application/c2pa", True),
        ("text/html, Application/C2PA;q=0.9", True),
        ("*/*", False),
        ("application/json", False),
        ("application/*", False),
        ("", False),
    ],
)
def test_only_who_names_the_type_gets_a_manifest(accept: str, manifest: bool) -> None:
    assert wants_manifest(accept) is manifest


def test_an_unknown_payload_is_a_problem(anybody: TestClient) -> None:
    for accept in ("application/json", "application/c2pa"):
        answer = anybody.get("/v1/provenance/F", headers={"Accept": accept})

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:fakeme:problem:manifest-unknown"
        assert "no manifest is stored for payload 000000000000f" in answer.json()["detail"]


@pytest.mark.parametrize("payload", ["xyz", "0" * 14, "0x1", "-1", "1_0", "%D9%A1", "1%0a", "%20"])
def test_what_is_no_payload_is_explained(anybody: TestClient, payload: str) -> None:
    answer = anybody.get(f"/v1/provenance/{payload}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert (error["location"], error["pointer"]) == ("path", "/payload")
    assert error["remedy"] == "give 1 to 13 hex digits, such as 0000000abc123"


@given(payload=PATH_IDS)
@fuzzed
def test_any_payload_is_answered(anybody: TestClient, payload: str) -> None:
    check(anybody.get(f"/v1/provenance/{payload}"))


def test_an_address_over_its_rate_waits_and_costs_no_query(services: Services) -> None:
    statements = list[str]()
    event.listen(services.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with limited(services, burst=3) as few, TestClient(create_app(few)) as gateway:
        answers = [gateway.get(f"/v1/provenance/{payload}") for payload in ("abc123", "1", "xyz", "1", "xyz")]

    assert [answer.status_code for answer in answers] == [200, 404, 422, 429, 429]
    assert [answer.headers["ratelimit"] for answer in answers[:3]] == [
        f'"address";r={left};t={seconds}' for left, seconds in ((2, 10), (1, 20), (0, 30))
    ]
    assert answers[3].json()["type"] == "urn:fakeme:problem:too-many-requests"
    assert answers[3].json()["detail"].startswith("this address has sent too many requests")
    assert answers[3].headers["retry-after"] == "10"
    assert answers[3].headers["ratelimit-policy"] == '"address";q=3;w=30'
    assert len([statement for statement in statements if "manifests" in statement]) == 2


def test_keys_and_addresses_have_limits_of_their_own(services: Services, token: str) -> None:
    key = {"Authorization": f"Bearer {token}"}
    with limited(services, burst=1) as few, TestClient(create_app(few)) as gateway:
        public = [gateway.get(PATH, headers=key).status_code for _ in range(2)]

        assert public == [200, 429]
        assert gateway.get("/v1/posts/p1/tag", headers=key).status_code == 404


def test_an_unavailable_database_is_reported(services: Services) -> None:
    unreachable = connect("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(replace(services, engine=unreachable))) as gateway:
        answer = gateway.get(PATH)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "statuses"),
    [
        # A proxy adds the address that it sees on the right; what a client wrote before it does not count.
        ("127.0.0.1", ["192.0.2.1", "192.0.2.1", "192.0.2.2"], [200, 429, 200]),
        ("127.0.0.1", ["198.51.100.1, 192.0.2.1", "198.51.100.2, 192.0.2.1"], [200, 429]),
        ("192.0.2.9", ["192.0.2.1", "192.0.2.2"], [200, 429]),  # we are not that proxy
    ],
)
def test_a_forwarded_address_counts_if_the_proxy_is_trusted(
    services: Services,
    trusted: str,
    forwarded: list[str],
    statuses: list[int],
) -> None:
    with limited(services, burst=1) as few, served(few, trusted_proxies=(trusted,)) as url:
        answers = [httpx.get(url + PATH, headers={"X-Forwarded-For": address}) for address in forwarded]

    assert [answer.status_code for answer in answers] == statuses


@contextmanager
def served(services: Services, **settings: Any) -> Iterator[str]:
    """Serve the gateway on a free port; yield its URL."""
    gateway = gateway_server(services, GatewaySettings(port=0, **settings))
    serving = threading.Thread(target=gateway.run)
    serving.start()
    deadline = time.monotonic() + 60
    try:
        while not gateway.ready:
            assert time.monotonic() < deadline
            time.sleep(0.05)  # polls until the deadline
        yield f"http://127.0.0.1:{gateway.port}"
    finally:
        gateway.stop()
        serving.join()
