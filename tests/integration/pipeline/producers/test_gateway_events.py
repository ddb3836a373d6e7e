"""Events over HTTP: each is published once, and invalid requests are rejected before publishing."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.server import make_services
from pipeline.producers.gateway.services import Services
from pipeline.settings import GatewaySettings
from schemas.envelope import Event, decode
from schemas.identity import post_event_id
from schemas.posts import PostCreated
from schemas.topics import PARTITIONS
from storage import api_keys
from storage.database import transaction


@pytest.fixture
def post() -> dict[str, Any]:
    return {
        "post_id": f"http-{uuid4()}",
        "author_id": "ann",
        "text": "안녕 😀",
        "media": [{"uri": "s3://platform-media/cat.jpg", "media_type": "image/jpeg"}],
        "created_at": "2026-11-23T12:00:00+09:00",
    }


@pytest.fixture
def published(kafka_bootstrap: str) -> Iterator["Published"]:
    """Reads posts.created as a consumer does."""
    reader = Published(kafka_bootstrap)
    yield reader
    reader.consumer.close()


class Published:
    def __init__(self, bootstrap: str) -> None:
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"t-{uuid4()}"})
        self.consumer.assign(
            [TopicPartition("posts.created", number, OFFSET_BEGINNING) for number in range(PARTITIONS)]
        )

    def about(self, post_id: str, *, quiet: float = 1.0) -> list[Event]:
        """Return the events of a post, read until none arrives for ``quiet`` seconds."""
        events = []
        while (message := self.consumer.poll(quiet if events else 30)) is not None:
            assert message.error() is None
            if message.key() == post_id.encode():
                events.append(decode(message.headers(), message.value()))
        return events


def test_a_post_is_published_on_its_topic(
    gateway: TestClient, published: Published, post: dict[str, Any]
) -> None:
    answer = gateway.post("/v1/posts", json=post)

    verdict_path = f"/v1/posts/{post['post_id']}/verdict"
    event_id = str(post_event_id("posts.created", post["post_id"]))
    assert answer.status_code == 202
    assert answer.headers["location"] == verdict_path
    assert answer.json() == {"event_id": event_id, "post_id": post["post_id"], "verdict": verdict_path}
    (event,) = published.about(post["post_id"])
    assert (event.id, event.source, event.type) == (
        event_id,
        "//social.example/tenants/social.example",
        "fakeme.posts.created.v1",
    )
    assert event.body == PostCreated.model_validate(post)


@pytest.mark.parametrize(
    ("path", "topic", "body"),
    [
        (
            "/v1/reports",
            "posts.reported",
            {"report_id": "r1", "reporter_id": "bob", "reason": "sexual", "reported_at": "2026-11-23T12:00Z"},
        ),
        (
            "/v1/appeals",
            "posts.appealed",
            {"appeal_id": "a1", "author_id": "ann", "appealed_at": "2026-11-23T12:00:00Z"},
        ),
    ],
)
def test_reports_and_appeals_are_published_too(
    gateway: TestClient, post: dict[str, Any], path: str, topic: str, body: dict[str, str]
) -> None:
    gateway.post("/v1/posts", json=post)

    answer = gateway.post(path, json={**body, "post_id": post["post_id"]})

    subject = body.get("report_id") or body["appeal_id"]
    assert answer.status_code == 202
    assert answer.json()["event_id"] == str(post_event_id(topic, subject))


def test_a_repeat_with_the_same_key_gets_the_same_answer_and_creates_no_second_event(
    gateway: TestClient, published: Published, post: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": str(uuid4())}

    first, repeated = (gateway.post("/v1/posts", json=post, headers=headers) for _ in range(2))

    assert (repeated.status_code, repeated.text, repeated.headers["location"]) == (
        first.status_code,
        first.text,
        first.headers["location"],
    )
    assert len(published.about(post["post_id"])) == 1


def test_a_key_is_valid_for_one_request(gateway: TestClient, post: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    gateway.post("/v1/posts", json=post, headers=headers)

    other = gateway.post("/v1/posts", json={**post, "text": "other"}, headers=headers)

    assert (other.status_code, other.json()["type"]) == (422, "urn:fakeme:problem:idempotency-key-reused")
    assert headers["Idempotency-Key"] in other.json()["detail"]


def test_a_key_belongs_to_its_owner(gateway: TestClient, engine: Engine, post: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "mine"}
    gateway.post("/v1/posts", json=post, headers=headers)
    with transaction(engine) as session:
        stranger = api_keys.issue(session, "other.example").token

    answer = gateway.post(
        "/v1/posts",
        json={**post, "post_id": f"http-{uuid4()}"},
        headers={**headers, "Authorization": f"Bearer {stranger}"},
    )

    assert answer.status_code == 202


def test_the_same_post_with_different_content_is_refused(gateway: TestClient, post: dict[str, Any]) -> None:
    assert gateway.post("/v1/posts", json=post).status_code == 202
    assert gateway.post("/v1/posts", json=post).status_code == 202

    edited = gateway.post("/v1/posts", json={**post, "text": "edited"})

    assert (edited.status_code, edited.json()["type"]) == (409, "urn:fakeme:problem:post-differs")


@pytest.mark.parametrize("authorization", [None, "Bearer fk_0_0", "Bearer ", "Basic YTpi"])
def test_requests_without_a_valid_key_are_refused(
    gateway: TestClient, post: dict[str, Any], authorization: str | None
) -> None:
    del gateway.headers["Authorization"]

    answer = gateway.post(
        "/v1/posts", json=post, headers={"Authorization": authorization} if authorization else {}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:fakeme:problem:not-authenticated"


def test_a_revoked_key_is_refused(
    gateway: TestClient, engine: Engine, token: str, post: dict[str, Any]
) -> None:
    with transaction(engine) as session:
        api_keys.revoke(session, token.split("_")[1])

    assert gateway.post("/v1/posts", json=post).status_code == 401


def test_every_invalid_field_is_reported(gateway: TestClient, post: dict[str, Any]) -> None:
    answer = gateway.post("/v1/posts", json={**post, "autor_id": "x", "post_id": "a b"})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:fakeme:problem:invalid-request")
    assert [(error["pointer"], error["value"]) for error in answer.json()["errors"]] == [
        ("/post_id", '"a b"'),
        ("/autor_id", '"x"'),
    ]


def test_a_body_with_another_content_type_is_refused(gateway: TestClient) -> None:
    answer = gateway.post("/v1/posts", data={"post_id": "p1"})

    assert (answer.status_code, answer.json()["type"]) == (415, "urn:fakeme:problem:body-not-json")


def test_an_unavailable_broker_is_reported_and_a_repeat_is_accepted(
    gateway: TestClient, database_url: str, token: str, post: dict[str, Any]
) -> None:
    services_without_broker = make_services(
        GatewaySettings(), brokers="127.0.0.1:1", database_url=database_url, source="//social.example"
    )
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    with TestClient(create_app(services_without_broker), headers=headers) as without_broker:
        refused = without_broker.post("/v1/posts", json=post)
        ready = services_without_broker.ready()

    repeated = gateway.post("/v1/posts", json=post, headers=headers)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["detail"].startswith("the broker is unavailable: repeat the same request")
    assert not ready
    assert repeated.status_code == 202


def test_the_documentation_is_complete(services: Services) -> None:
    with TestClient(create_app(services, docs=True)) as gateway:
        document = gateway.get("/openapi.json").json()
        page = gateway.get("/docs")

    public = "get /v1/provenance/{payload}"
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {
        "post /v1/posts",
        "post /v1/reports",
        "post /v1/appeals",
        "get /v1/posts/{post_id}/verdict",
        "get /v1/posts/{post_id}/tag",
        public,
    }
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation.get("security") == (None if name == public else [{"API key": []}]), name
        assert ("202" in operation["responses"]) is (name != public), name
        for code, answer in operation["responses"].items():
            if int(code) >= 400:
                assert "application/problem+json" in answer["content"], (name, code)
    assert page.status_code == 200
