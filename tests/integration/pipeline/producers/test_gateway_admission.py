"""What a key may do and how much, decided before the body is read."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, update
from structlog.testing import capture_logs

from pipeline.producers.gateway.app import create_app
from pipeline.producers.gateway.rate_limits import RateLimit, RateLimiter
from pipeline.producers.gateway.services import Services
from pipeline.producers.gateway.waiting_limit import WaitingLimit
from schemas.posts import Media, PostCreated
from storage import api_keys, posts
from storage.api_keys import Scope
from storage.database import transaction
from storage.tables import ApiKey

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CAT = Media(uri="s3://platform-media/cat.jpg", media_type="image/jpeg")
Headers = dict[str, str]


def new_post() -> dict[str, Any]:
    post = PostCreated(post_id=f"http-{uuid4()}", author_id="ann", media=(CAT,), created_at=NOW)
    return post.model_dump(mode="json")


def headers_of(engine: Engine, *scopes: Scope, owner: str = "social.example") -> Headers:
    with transaction(engine) as session:
        token = api_keys.issue(session, owner, scopes=scopes or api_keys.TENANT_SCOPES).token
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def gateway_with(services: Services, **changed: object) -> Iterator[TestClient]:
    with TestClient(create_app(replace(services, **changed))) as client:  # type: ignore[arg-type]
        yield client


REQUESTS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "publish": ("POST", "/v1/posts", {}),
    "report": ("POST", "/v1/reports", {}),
    "appeal": ("POST", "/v1/appeals", {}),
    "verdict": ("GET", "/v1/posts/p1/verdict", None),
    "tag": ("GET", "/v1/posts/p1/tag", None),
}
ALLOWED = {
    Scope.PUBLISH: {"publish"},
    Scope.REPORT: {"report", "appeal"},
    Scope.READ: {"verdict", "tag"},
    Scope.ALL_POSTS: set[str](),
}


@pytest.mark.parametrize("scope", Scope)
def test_a_key_can_do_only_what_its_scopes_allow(gateway: TestClient, engine: Engine, scope: Scope) -> None:
    headers = headers_of(engine, scope)
    body = {name: new_post() for name in ("publish",)}

    answers = {
        name: gateway.request(method, path, json=body.get(name, empty), headers=headers)
        for name, (method, path, empty) in REQUESTS.items()
    }

    refused = {name for name, answer in answers.items() if answer.status_code == 403}
    assert refused == set(REQUESTS) - ALLOWED[scope]
    for name in refused:
        assert answers[name].json()["type"] == "urn:fakeme:problem:scope-missing"


def test_an_expired_key_is_refused(gateway: TestClient, engine: Engine, token: str) -> None:
    with transaction(engine) as session:
        expired = update(ApiKey).where(ApiKey.key_id == api_keys.key_id_of(token))
        session.execute(expired.values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))

    assert gateway.get("/v1/posts/p1/tag").status_code == 401


def test_a_post_that_came_by_kafka_is_seen_with_all_posts_only(gateway: TestClient, engine: Engine) -> None:
    post = new_post()
    with transaction(engine) as session:
        posts.keep(session, PostCreated.model_validate(post))
    operator = headers_of(engine, *Scope, owner="operator")
    path = f"/v1/posts/{post['post_id']}/verdict"

    assert gateway.get(path).status_code == 404
    assert gateway.get(path, headers=operator).status_code == 202
    assert gateway.post("/v1/posts", json=post).status_code == 409
    assert gateway.post("/v1/posts", json=post, headers=operator).status_code == 202


def test_a_key_with_all_posts_reports_a_post_that_fakeme_does_not_know(
    gateway: TestClient, engine: Engine
) -> None:
    report = {
        "report_id": str(uuid4()),
        "post_id": f"http-{uuid4()}",
        "reporter_id": "bob",
        "reason": "other",
        "media": [CAT.model_dump(mode="json")],
        "reported_at": "2026-11-23T12:00:00Z",
    }

    assert gateway.post("/v1/reports", json=report).status_code == 404
    assert gateway.post("/v1/reports", json=report, headers=headers_of(engine, *Scope)).status_code == 202


def test_equal_report_ids_of_two_tenants_are_two_events(
    gateway: TestClient, engine: Engine, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, bytes]] = []
    send = services.publisher.send
    monkeypatch.setattr(
        services.publisher,
        "send",
        lambda publication: (sent.append(dict(publication.message.headers)), send(publication))[1],
    )
    for owner in ("a.example", "b.example"):
        headers, post = headers_of(engine, owner=owner), new_post()
        gateway.post("/v1/posts", json=post, headers=headers)
        report = {"report_id": "1", "post_id": post["post_id"], "reporter_id": "bob", "reason": "other"}
        report["reported_at"] = "2026-11-23T12:00:00Z"
        assert gateway.post("/v1/reports", json=report, headers=headers).status_code == 202

    first, second = (headers for headers in sent if headers["ce_type"] == b"fakeme.posts.reported.v1")
    assert first["ce_id"] == second["ce_id"]
    assert (first["ce_source"], second["ce_source"]) == (
        b"//social.example/tenants/a.example",
        b"//social.example/tenants/b.example",
    )


def test_a_key_over_its_rate_waits_and_others_do_not(services: Services, engine: Engine) -> None:
    loud, quiet = headers_of(engine), headers_of(engine)
    with gateway_with(services, rate_limiter=RateLimiter(RateLimit(per_second=0.1, burst=3))) as gateway:
        answers = [gateway.get("/v1/posts/p1/tag", headers=loud) for _ in range(5)]
        other = gateway.get("/v1/posts/p1/tag", headers=quiet)

    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
    assert [answer.headers["ratelimit"] for answer in answers[:3]] == [
        f'"key";r={left};t={seconds}' for left, seconds in ((2, 10), (1, 20), (0, 30))
    ]
    assert answers[3].json()["type"] == "urn:fakeme:problem:too-many-requests"
    assert answers[3].headers["retry-after"] == "10"
    assert answers[3].headers["ratelimit-policy"] == '"key";q=3;w=30'
    assert other.status_code == 404


def test_a_flood_of_one_key_costs_no_query(services: Services, engine: Engine) -> None:
    headers, statements = headers_of(engine), list[str]()
    event.listen(services.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with gateway_with(services, rate_limiter=RateLimiter(RateLimit(per_second=0.001, burst=1))) as gateway:
        gateway.get("/v1/posts/p1/tag", headers=headers)
        before = len(statements)
        flood = [gateway.get("/v1/posts/p1/tag", headers=headers).status_code for _ in range(20)]

    assert before > 0
    assert set(flood) == {429}
    assert len([statement for statement in statements[before:] if "api_keys" in statement]) == 0


def test_a_forged_key_does_not_use_up_the_requests_of_the_real_one(
    services: Services, engine: Engine
) -> None:
    real = headers_of(engine)
    forged = {"Authorization": real["Authorization"][:-64] + "0" * 64}
    with gateway_with(services, rate_limiter=RateLimiter(RateLimit(per_second=0.001, burst=2))) as gateway:
        assert [gateway.get("/v1/posts/p1/tag", headers=forged).status_code for _ in range(5)] == [401] * 5
        assert gateway.get("/v1/posts/p1/tag", headers=real).headers["ratelimit"].startswith('"key";r=1')


def test_one_tenant_cannot_occupy_the_gateway_with_waiting_requests(
    services: Services, engine: Engine
) -> None:
    loud, quiet, post = headers_of(engine), headers_of(engine, owner="quiet.example"), new_post()
    path = f"/v1/posts/{post['post_id']}/verdict"
    with gateway_with(services, waiting_limit=WaitingLimit(per_key=2)) as gateway:
        gateway.post("/v1/posts", json=post, headers=loud)
        waiting = [
            threading.Thread(target=gateway.get, args=(f"{path}?wait=30s",), kwargs={"headers": loud})
            for _ in range(2)
        ]
        for thread in waiting:
            thread.start()
        deadline = time.monotonic() + 30
        while services.notifier.waiting(post["post_id"]) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)  # polls until the deadline

        third = gateway.get(f"{path}?wait=30s", headers=loud)
        at_once = gateway.get(path, headers=loud)
        other = gateway.get("/v1/posts/p1/verdict?wait=1s", headers=quiet)
        services.notifier.release_all()
        for thread in waiting:
            thread.join()

    assert (third.status_code, third.headers["retry-after"]) == (429, "5")
    assert "wait for a verdict" in third.json()["detail"]
    assert at_once.status_code == 202
    assert other.status_code == 404


@pytest.mark.parametrize("token", [None, "fk_0_0", f"fk_{'0' * 16}_{'0' * 64}"])
async def test_a_body_without_a_valid_key_is_not_read(services: Services, token: str | None) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {"type": "http", "method": "POST", "path": "/v1/posts", "query_string": b"", "headers": headers}
    await create_app(services)(scope, receive, send)  # type: ignore[arg-type]

    assert sent[0]["status"] == 401


def test_rejected_values_are_not_logged(gateway: TestClient) -> None:
    secret = "hunter2 !"
    with capture_logs() as logs:
        for body in (
            {**new_post(), "author_id": secret, "hashtags": [secret], secret: 1, "text": [secret]},
            secret,
            {**new_post(), "media": [{"uri": secret, "media_type": secret, "alt_text": secret}]},
        ):
            gateway.post("/v1/posts", json=body)
        gateway.post("/v1/posts", json={**new_post(), "author_id": "hunter2 "})
        gateway.get("/v1/posts/hunter2 /verdict", params={"wait": "hunter2"})
        gateway.get("/v1/hunter2")
        gateway.post("/v1/appeals", content=b"{hunter2", headers={"Content-Type": "application/json"})

    requests = [log for log in logs if log["event"] == "gateway.request"]
    assert len(requests) == 7
    assert "hunter2" not in json.dumps(logs, default=str)
    assert requests[0]["fields"] == ["body/author_id", "body/text", "body/hashtags/0", "body/?"]
    assert requests[4]["fields"] == ["path/post_id", "query/wait"]
    assert [log["problem"] for log in requests[5:]] == [404, "malformed-json"]
