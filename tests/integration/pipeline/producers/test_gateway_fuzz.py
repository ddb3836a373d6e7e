"""Whatever a client sends, the gateway answers with problem+json or an answer, and never with a 5xx."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

CREATED = "2026-11-23T12:00:00Z"
MEDIA = {"uri": "s3://platform-media/cat.jpg", "media_type": "image/jpeg"}
VALID: dict[str, dict[str, Any]] = {
    "/v1/posts": {"post_id": "p1", "author_id": "ann", "media": [MEDIA], "created_at": CREATED},
    "/v1/reports": {
        "report_id": "r1",
        "post_id": "p1",
        "reporter_id": "bob",
        "reason": "sexual",
        "reported_at": CREATED,
    },
    "/v1/appeals": {"appeal_id": "a1", "post_id": "p1", "author_id": "ann", "appealed_at": CREATED},
}
ANY_TEXT = st.text(st.characters(codec=None), max_size=40)  # lone surrogates and NUL included
HARD_TEXTS = st.sampled_from(
    [
        "",
        ".",
        "..",
        "\x00",
        "\ud800",
        "\udfff\ud800",
        "x" * 200_000,
        "é" * 129,
        "\u202e",
        "p1\n",
        "%00",
        "%2e",
    ]
)
TEXTS = ANY_TEXT | HARD_TEXTS
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
HEADER_BYTES = st.binary(min_size=0, max_size=300)
PATH_IDS = st.sampled_from(
    [
        "%2e", "%2e%2e", "%2E%2e", "..%2f..", "%00", "%ed%a0%80", "%ff", "%c3%28", "a%20b", "%", "%zz",
        "a" * 5000,
        "%25%32%65", "p1%0a", "p1;x=1", "~", "-", ":", "@", "null", "%F0%9F%98%80",
    ]
) | st.binary(min_size=1, max_size=20).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw))  # fmt: skip
fuzzed = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)


def check(answer: Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        answer.content.decode("ascii")  # no text of a stranger can break a reader, a terminal or a log


def send(gateway: TestClient, path: str, content: bytes, **headers: str | bytes) -> Response:
    return gateway.post(path, content=content, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("path", VALID)
@given(body=JSON_VALUES)
@example(body="\ud800")
@example(body={"\ud800": 1})
@fuzzed
def test_any_json_is_answered(gateway: TestClient, path: str, body: Any) -> None:
    check(send(gateway, path, json.dumps(body).encode()))


@pytest.mark.parametrize("path", VALID)
@given(data=st.data(), raw=st.booleans())
@fuzzed
def test_any_value_of_a_field_is_answered(
    gateway: TestClient, path: str, data: st.DataObject, raw: bool
) -> None:
    fields = [*VALID[path], "text", "media", "hashtags", "visibility"]
    name = data.draw(st.sampled_from(fields) | TEXTS)
    body = {**VALID[path], name: data.draw(JSON_VALUES)}
    content = json.dumps(body, ensure_ascii=not raw).encode("utf-8", "surrogatepass")
    check(send(gateway, path, content))


@pytest.mark.parametrize("path", VALID)
@given(content=st.binary(max_size=200))
@example(content=b"[" * 100_000)
@example(content=b'{"post_id":' * 100_000)
@example(content=b"1" * 10_000)
@example(content=b"\xff\xfe{\x00}\x00")
@example(content=b'"\xed\xa0\x80"')
@fuzzed
def test_any_bytes_are_answered(gateway: TestClient, path: str, content: bytes) -> None:
    check(send(gateway, path, content))


@pytest.mark.parametrize("resource", ["verdict", "tag"])
@given(post_id=PATH_IDS)
@fuzzed
def test_any_post_id_in_a_path_is_answered(gateway: TestClient, resource: str, post_id: str) -> None:
    check(gateway.get(f"/v1/posts/{post_id}/{resource}"))


@given(query=st.binary(max_size=60).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw)) | ANY_TEXT)
@example(query="%ed%a0%80")
@example(query="\ud800")
@example(query="1" * 5000)
@fuzzed
def test_any_wait_is_answered(gateway: TestClient, query: str) -> None:
    escaped = query.encode("utf-8", "surrogatepass")
    check(gateway.get("/v1/posts/p1/verdict?wait=" + "".join(f"%{byte:02x}" for byte in escaped)))


@given(key=HEADER_BYTES)
@example(key=b"\x00")
@example(key=b"\xed\xa0\x80")
@example(key=b"k" * 100_000)
@fuzzed
def test_any_idempotency_key_is_answered(gateway: TestClient, key: bytes) -> None:
    body = json.dumps({**VALID["/v1/appeals"], "text": "x"}).encode()
    check(send(gateway, "/v1/appeals", body, **{"Idempotency-Key": key}))


@given(value=HEADER_BYTES)
@fuzzed
def test_any_authorization_is_answered(gateway: TestClient, value: bytes) -> None:
    for header in (value, b"Bearer " + value, b"Bearer fk_" + value):
        check(gateway.get("/v1/posts/p1/tag", headers={"Authorization": header}))


@given(content_type=HEADER_BYTES)
@fuzzed
def test_any_content_type_is_answered(gateway: TestClient, content_type: bytes) -> None:
    check(gateway.post("/v1/posts", content=b"{}", headers={"Content-Type": content_type}))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/posts", "/v1/posts/p1/verdict", "/docs", "//", "/v1/%2e%2e"]
)
def test_any_method_is_answered(gateway: TestClient, method: str, path: str) -> None:
    answer = gateway.request(method, path)
    assert answer.status_code < 500
    assert answer.status_code < 300 or answer.headers["content-type"] == "application/problem+json"
