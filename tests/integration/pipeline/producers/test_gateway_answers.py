"""Answers over HTTP: returned at once, or as soon as they exist, and never later than `wait`."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from pipeline.producers.gateway import verdict_notifier
from pipeline.producers.gateway.server import gateway_server
from pipeline.producers.gateway.services import Services
from pipeline.settings import GatewaySettings
from schemas.posts import Media, PostCreated
from schemas.tags import CauseKind
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import post_owners, posts, tags, verdicts
from storage.database import connect, transaction

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CAT = Media(uri="s3://platform-media/cat.jpg", media_type="image/jpeg")


def verdict(post_id: str, label: Label = Label.AUTHENTIC, at: datetime = NOW) -> VerdictIssued:
    return VerdictIssued(
        verdict_id=uuid4(),
        post_id=post_id,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id=str(uuid4())),
        label=label,
        score=0.25,
        media=(MediaVerdict(uri=CAT.uri, label=label, score=0.25, threshold=0.5),),
        model=ModelRef(name="m", version="1", weights_sha256="0" * 64),
        issued_at=at,
    )


def keep(engine: Engine, issued: VerdictIssued) -> None:
    with transaction(engine) as session:
        verdicts.keep(session, issued, "m@1")


@pytest.fixture
def post_id(engine: Engine) -> str:
    """A post that FakeME knows."""
    known = f"http-{uuid4()}"
    with transaction(engine) as session:
        post_owners.claim(session, known, "social.example")
        posts.keep(session, PostCreated(post_id=known, author_id="ann", media=(CAT,), created_at=NOW))
    return known


def test_the_newest_verdict_is_returned(gateway: TestClient, engine: Engine, post_id: str) -> None:
    newest = verdict(post_id, Label.DEEPFAKE, at=NOW.replace(hour=13))
    keep(engine, newest)
    keep(engine, verdict(post_id))

    answer = gateway.get(f"/v1/posts/{post_id}/verdict")

    assert answer.status_code == 200
    assert VerdictIssued.model_validate(answer.json()) == newest


def test_a_post_without_a_verdict_is_pending(gateway: TestClient, post_id: str) -> None:
    answer = gateway.get(f"/v1/posts/{post_id}/verdict")

    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
    assert answer.json() == {"post_id": post_id, "status": "pending"}


def test_an_unpublished_post_is_unknown(gateway: TestClient) -> None:
    for resource in ("verdict", "tag"):
        answer = gateway.get(f"/v1/posts/never-seen/{resource}")

        assert (answer.status_code, answer.json()["type"]) == (404, "urn:fakeme:problem:post-unknown")
        assert "never-seen" in answer.json()["detail"]


def test_a_notification_ends_the_wait(
    gateway: TestClient, engine: Engine, post_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        verdict_notifier, "_POLL_SECONDS", 60.0
    )  # so that only a notification can end the wait
    issued = verdict(post_id)
    delayed_verdict = threading.Timer(0.5, keep, (engine, issued))
    delayed_verdict.start()
    started = time.monotonic()

    answer = gateway.get(f"/v1/posts/{post_id}/verdict?wait=25s")

    waited = time.monotonic() - started
    delayed_verdict.join()
    assert answer.status_code == 200
    assert answer.json()["verdict_id"] == str(issued.verdict_id)
    assert 0.4 < waited < 20


@pytest.mark.parametrize("wait", ["1", "1s", "1.0s"])
def test_a_wait_without_a_verdict_ends_in_time(gateway: TestClient, post_id: str, wait: str) -> None:
    started = time.monotonic()

    answer = gateway.get(f"/v1/posts/{post_id}/verdict", params={"wait": wait})

    assert answer.status_code == 202
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("wait", ["31s", "-1", "soon", "5m", "nan", "inf"])
def test_an_invalid_wait_is_refused(gateway: TestClient, wait: str) -> None:
    answer = gateway.get("/v1/posts/p1/verdict", params={"wait": wait})

    assert answer.status_code == 422
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "location": "query",
        "pointer": "/wait",
        "detail": "",
        "value": f'"{wait}"',
        "remedy": "give seconds from 0 to 30, such as wait=5s",
    }


@pytest.mark.parametrize(
    ("label", "stored_tag", "status", "tagged"),
    [
        (None, None, 202, None),
        (Label.DEEPFAKE, None, 202, None),  # the tagging worker will set the tag
        (Label.SUSPECTED, None, 200, False),  # moderators decide; the post is not tagged meanwhile
        (Label.DEEPFAKE, True, 200, True),
        (Label.AUTHENTIC, False, 200, False),
    ],
)
def test_the_tag_of_a_post(
    gateway: TestClient,
    engine: Engine,
    post_id: str,
    label: Label | None,
    stored_tag: bool | None,
    status: int,
    tagged: bool | None,
) -> None:
    cause = uuid4()
    with transaction(engine) as session:
        if label:
            verdicts.keep(session, verdict(post_id, label), "m@1")
        if stored_tag is not None:
            tags.put_tag(
                session,
                post_id,
                tagged=stored_tag,
                cause_kind=CauseKind.VERDICT,
                cause_id=cause,
                cause_at=NOW,
            )

    answer = gateway.get(f"/v1/posts/{post_id}/tag")

    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body.get("tagged")) == (status, tagged)
    if stored_tag is not None:
        assert body["cause"] == {"kind": "verdict", "id": str(cause)}


def test_an_unavailable_database_is_reported(
    gateway: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable = connect("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    monkeypatch.setattr(gateway.app.state, "services", replace(services, engine=unreachable))

    answer = gateway.get("/v1/posts/p1/verdict")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "urn:fakeme:problem:unavailable"
    monkeypatch.undo()


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/healthz", "/docs", "/redoc", "/openapi.json"])
def test_the_public_port_serves_nothing_without_a_key_that_is_not_meant_for_callers(
    gateway: TestClient, path: str
) -> None:
    assert gateway.get(path).status_code == 404


def test_a_stop_answers_waiting_requests_and_ends(services: Services, token: str, post_id: str) -> None:
    gateway = gateway_server(services, GatewaySettings(port=0))
    serving = threading.Thread(target=gateway.run)
    serving.start()
    deadline = time.monotonic() + 60
    while not gateway.ready:
        assert time.monotonic() < deadline
        time.sleep(0.05)  # polls until the deadline
    answers: list[int] = []

    def wait_long() -> None:
        url = f"http://127.0.0.1:{gateway.port}/v1/posts/{post_id}/verdict?wait=30s"
        answers.append(httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code)

    waiting = threading.Thread(target=wait_long)
    waiting.start()
    while not services.notifier.waiting(post_id):
        assert time.monotonic() < deadline
        time.sleep(0.05)  # polls until the deadline
    started = time.monotonic()

    gateway.stop()

    waiting.join()
    serving.join()
    assert answers == [202]
    assert time.monotonic() - started < 15
    assert not gateway.alive
