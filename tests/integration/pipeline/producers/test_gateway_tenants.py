"""A key acts only for its tenant: foreign posts look unknown, and their ids cannot be taken."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from storage import api_keys
from storage.database import transaction

Headers = dict[str, str]


@pytest.fixture
def post() -> dict[str, Any]:
    return {
        "post_id": f"http-{uuid4()}",
        "author_id": "ann",
        "media": [{"uri": "s3://platform-media/cat.jpg", "media_type": "image/jpeg"}],
        "created_at": "2026-11-23T12:00:00+09:00",
    }


@pytest.fixture
def stranger(engine: Engine) -> Headers:
    """The headers of another tenant's requests."""
    with transaction(engine) as session:
        return {"Authorization": f"Bearer {api_keys.issue(session, 'other.example').token}"}


def report_of(post_id: str) -> dict[str, Any]:
    return {
        "report_id": f"r-{uuid4()}",
        "post_id": post_id,
        "reporter_id": "bob",
        "reason": "sexual",
        "reported_at": "2026-11-23T12:00:00Z",
    }


def appeal_of(post_id: str) -> dict[str, Any]:
    return {
        "appeal_id": f"a-{uuid4()}",
        "post_id": post_id,
        "author_id": "ann",
        "appealed_at": "2026-11-23T12:00:00Z",
    }


ACCESSES: dict[str, Callable[[TestClient, str, Headers], Any]] = {
    "verdict": lambda gateway, post_id, headers: gateway.get(f"/v1/posts/{post_id}/verdict", headers=headers),
    "waiting": lambda gateway, post_id, headers: gateway.get(
        f"/v1/posts/{post_id}/verdict?wait=20s", headers=headers
    ),
    "tag": lambda gateway, post_id, headers: gateway.get(f"/v1/posts/{post_id}/tag", headers=headers),
    "report": lambda gateway, post_id, headers: gateway.post(
        "/v1/reports", json=report_of(post_id), headers=headers
    ),
    "appeal": lambda gateway, post_id, headers: gateway.post(
        "/v1/appeals", json=appeal_of(post_id), headers=headers
    ),
}


@pytest.mark.parametrize("access", ACCESSES.values(), ids=ACCESSES.keys())
def test_a_foreign_post_looks_unknown(
    gateway: TestClient,
    stranger: Headers,
    post: dict[str, Any],
    access: Callable[[TestClient, str, Headers], Any],
) -> None:
    assert gateway.post("/v1/posts", json=post).status_code == 202
    unknown = f"http-{uuid4()}"

    foreign_answer = access(gateway, post["post_id"], stranger)
    unknown_answer = access(gateway, unknown, stranger)

    assert foreign_answer.status_code == 404
    assert foreign_answer.json()["type"] == "urn:fakeme:problem:post-unknown"
    assert foreign_answer.text.replace(post["post_id"], unknown) == unknown_answer.text


@pytest.mark.parametrize("name", sorted(ACCESSES.keys() - {"waiting"}))  # there is no verdict to wait for
def test_an_own_post_is_served(gateway: TestClient, post: dict[str, Any], name: str) -> None:
    gateway.post("/v1/posts", json=post)

    assert ACCESSES[name](gateway, post["post_id"], {}).status_code == 202


def test_two_keys_of_a_tenant_see_the_same_posts(
    gateway: TestClient, engine: Engine, post: dict[str, Any]
) -> None:
    gateway.post("/v1/posts", json=post)
    with transaction(engine) as session:
        second = api_keys.issue(session, "social.example").token

    answer = gateway.get(
        f"/v1/posts/{post['post_id']}/verdict", headers={"Authorization": f"Bearer {second}"}
    )

    assert answer.status_code == 202


@pytest.mark.parametrize("text", ["", "other"])
def test_a_post_id_of_another_tenant_cannot_be_taken(
    gateway: TestClient, stranger: Headers, post: dict[str, Any], text: str
) -> None:
    """The answer does not tell whether the content is the same."""
    gateway.post("/v1/posts", json=post)

    answer = gateway.post("/v1/posts", json={**post, "text": text}, headers=stranger)

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:fakeme:problem:post-id-taken")
