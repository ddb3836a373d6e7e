"""Every gateway error is problem+json with a stable type, and none reveals internal details."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from pipeline.producers.client.errors import (
    BrokerUnreachableError,
    EventTooLargeError,
    PublishRefusedError,
)
from pipeline.producers.gateway.body_limit import MAX_BODY_BYTES, BodyLimit
from pipeline.producers.gateway.problems import Problem, ProblemKind, add_problem_handlers
from storage.errors import DatabaseUnavailableError


class Body(BaseModel):
    text: str


def client_of(error: Exception) -> TestClient:
    app = FastAPI()
    add_problem_handlers(app)
    app.add_middleware(BodyLimit)

    @app.get("/")
    def fail() -> None:
        raise error

    @app.post("/")
    def echo(body: Body) -> int:
        return len(body.text)

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("error", "status", "slug", "retry", "detail"),
    [
        (Problem(ProblemKind.POST_UNKNOWN, "no post p1"), 404, "post-unknown", None, "no post p1"),
        (BrokerUnreachableError("at kafka-7"), 503, "unavailable", "5", "the broker is unavailable"),
        (DatabaseUnavailableError("user fakeme"), 503, "unavailable", "5", "the database is unavailable"),
        (EventTooLargeError("at kafka-7"), 413, "body-too-large", None, "shorten texts"),
        (PublishRefusedError("at kafka-7"), 500, "internal", None, "see the gateway's log"),
        (ZeroDivisionError("secret"), 500, "internal", None, "see the gateway's log"),
    ],
)
def test_errors_have_a_type_and_reveal_no_internal_details(
    error: Exception, status: int, slug: str, retry: str | None, detail: str
) -> None:
    answer = client_of(error).get("/")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == retry
    assert answer.json()["type"] == f"urn:fakeme:problem:{slug}"
    assert detail in answer.json()["detail"]
    if not isinstance(error, Problem):
        assert str(error) not in answer.text


def test_an_unknown_path_is_a_problem_too() -> None:
    answer = client_of(ValueError()).get("/nothing")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found",
    }


def test_a_problem_is_ascii_whatever_its_text() -> None:
    answer = client_of(Problem(ProblemKind.POST_UNKNOWN, "no post \ud800\x00\u202e é")).get("/")

    assert answer.content.isascii()
    assert answer.json()["detail"] == r"no post \ud800\x00\u202e é"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 413)])
def test_a_body_over_the_limit_is_refused_however_it_is_sent(chunked: bool, extra: int, status: int) -> None:
    empty_body = b'{"text": ""}'
    body = b'{"text": "' + b"x" * (MAX_BODY_BYTES - len(empty_body) + extra) + b'"}'
    content = (body[at : at + 100_000] for at in range(0, len(body), 100_000)) if chunked else body

    answer = client_of(ValueError()).post("/", content=content, headers={"content-type": "application/json"})

    assert answer.status_code == status
    if status == 413:
        assert answer.json()["type"] == "urn:fakeme:problem:body-too-large"
