"""The page over real HTTP: with the real model and sandbox, and with its limits."""

import socket
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.client import HTTPConnection

import httpx
import numpy as np
import pytest
from structlog.testing import capture_logs

from inference.provenance.description import GeneratedMedia
from inference.provenance.development_chain import DevelopmentChain, make_development_chain
from inference.provenance.signing import MediaSigner, read_chain
from inference.provenance.signing_key import read_private_key
from inference.provenance.trust_list import import_certificates
from pipeline.demo import pictures
from pipeline.runtime import web_connections
from tests.unit.pipeline.producers.gateway.verify_page.serving import (
    RealVerifier,
    ToldVerifier,
    known_deepfake,
    serving,
)

PORTRAIT = pictures.jpeg(pictures.portrait())
JSON = {"Accept": "application/json"}
MAX_BYTES = 4_000_000


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentChain:
    """A signer on the trust list."""
    folder = tmp_path_factory.mktemp("signer")
    chain = make_development_chain(folder)
    import_certificates(folder / "trust", chain.root)
    return chain


@pytest.fixture(scope="module")
def verifier(trusted: DevelopmentChain) -> RealVerifier:
    """The real model and sandbox."""
    return RealVerifier(trusted.root.parent / "trust")


@pytest.fixture(scope="module")
def url(verifier: RealVerifier) -> Iterator[str]:
    """The page's address, with the real model behind it."""
    with serving(lambda: verifier, verify_max_bytes=MAX_BYTES) as base:
        yield f"{base}/verify"


@pytest.fixture(scope="module")
def signed(trusted: DevelopmentChain) -> bytes:
    """The portrait, signed as AI-made by the trusted signer, whose statement holds HTML."""
    signer = MediaSigner(read_private_key(trusted.private_key), read_chain(trusted.chain), "1")
    return signer.sign(PORTRAIT, "image/jpeg", GeneratedMedia("<b>request</b>", "swapper", "1")).data


def post(url: str, data: bytes, headers: dict[str, str] | None = None, lang: str = "en") -> httpx.Response:
    return httpx.post(f"{url}?lang={lang}", files={"file": ("a.jpg", data)}, headers=headers, timeout=120)


def test_a_real_portrait_shows_no_forgery_and_that_proves_nothing(url: str) -> None:
    answer = post(url, PORTRAIT, JSON)
    page = post(url, PORTRAIT)

    assert (answer.status_code, answer.json()["label"]) == (200, "authentic")
    assert answer.json()["detector"]["found_percent"] == 78
    assert "No sign of a forgery was found" in page.text
    assert "This does not prove that it is real" in page.text
    assert "suspected 78% of forgeries" in page.text


def test_a_forged_portrait_shows_strong_signs(url: str) -> None:
    page = post(url, pictures.jpeg(pictures.retouched()), lang="ko").text

    assert '<html lang="ko">' in page
    assert "얼굴이 위조된 흔적이 뚜렷합니다" in page
    assert "99% 이상" in page


def test_a_trusted_statement_of_ai_settles_it(url: str, signed: bytes) -> None:
    answer = post(url, signed, JSON).json()
    page = post(url, signed).text

    assert (answer["label"], answer["wording"]) == ("deepfake", "credentials")
    assert answer["detector"]["outcome"] == "not_asked"
    assert "The file states that AI made or changed it" in page


def test_texts_of_the_file_are_escaped(url: str, signed: bytes) -> None:
    page = post(url, signed).text

    assert "&lt;b&gt;request&lt;/b&gt;" in page
    assert "<b>" not in page


def test_a_known_deepfake_is_recognised_without_its_case(url: str, verifier: RealVerifier) -> None:
    picture = pictures.jpeg(pictures.no_face())
    verifier.known.apply([known_deepfake(sha256(picture).hexdigest())])

    answer = post(url, picture, JSON)

    assert (answer.json()["label"], answer.json()["wording"]) == ("deepfake", "known_deepfake")
    assert "00000000" not in answer.text  # the ids of the entry and its case


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a picture", "It is not a picture or video of a kind that this page can read."),
        (pictures.truncated(pictures.portrait()), "The end of the file is missing."),
    ],
    ids=["text", "half a picture"],
)
def test_what_cannot_be_judged_says_why(url: str, data: bytes, words: str) -> None:
    page = post(url, data)

    assert page.status_code == 200
    assert "This file could not be judged" in page.text
    assert words in page.text


def test_a_file_over_the_limit_gets_an_answer_in_words(url: str) -> None:
    large = bytes(MAX_BYTES + 1)
    page, answer = post(url, large), post(url, large, JSON, "ko")

    assert page.status_code == answer.status_code == 413
    assert "The limit of this page is 4\u00a0MB" in page.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:fakeme:problem:file-too-large"
    assert answer.json()["title"] == "파일이 너무 큽니다"


def test_an_endless_upload_is_ended(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_connections, "CLIENT_SECONDS", 1.0)

    def endless() -> Iterator[bytes]:
        yield b'--X\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        while True:
            yield bytes(100_000)

    try:
        answer = httpx.post(
            url, content=endless(), headers={"Content-Type": "multipart/form-data; boundary=X"}, timeout=60
        )
    except httpx.WriteError:
        return  # the connection was closed while we wrote, which is what counts
    assert answer.status_code == 413


@pytest.mark.parametrize(("files", "status"), [({"other": b"x"}, 422), ({"file": b""}, 422), (None, 400)])
def test_a_request_without_a_file_is_refused(url: str, files: dict[str, bytes] | None, status: int) -> None:
    answer = httpx.post(url, files=files, timeout=60)

    assert answer.status_code == status
    assert 'role="alert"' in answer.text


def test_nothing_of_an_upload_reaches_a_disk_or_a_log(url: str) -> None:
    """Files above 1 MB are those that Starlette's own forms put on a disk."""
    noise = np.random.default_rng(1).integers(0, 255, (1_000, 1_000, 3), dtype=np.uint8)
    data = pictures.jpeg(noise, quality=100)
    assert 1_000_000 < len(data) < MAX_BYTES
    written: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open":
            path, mode, flags = arguments
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (
                isinstance(flags, int) and flags & 0o3
            ):
                written.append(str(path))

    sys.addaudithook(watch)  # also sees temporary files; hooks cannot be removed
    with capture_logs() as logs:
        post(url, b"warm up: the first file starts the decoding processes", JSON)
        written.clear()
        answer = post(url, data, JSON)
    watching = False

    assert answer.json()["label"] == "no_face"
    assert written == []
    assert [log for log in logs if log["event"].startswith(("verify_page", "gateway.request"))] == []


def test_the_page_sends_strict_headers_and_runs_no_inline_code(url: str) -> None:
    page = httpx.get(url)
    policy = page.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert " onclick" not in page.text


def test_assets_are_cached_for_ever_under_the_hash_of_their_content(url: str) -> None:
    base = url.removesuffix("/verify")
    page = httpx.get(url).text
    paths = [part.split('"')[0] for part in page.split('"/verify/assets/')[1:]]

    assert len(set(paths)) == 3
    for path in paths:
        asset = httpx.get(f"{base}/verify/assets/{path}")
        assert sha256(asset.content).hexdigest()[:12] in path
        assert "immutable" in asset.headers["cache-control"]
    assert httpx.get(f"{base}/verify/assets/verify.css").status_code == 404
    assert httpx.get(f"{base}/verify/assets/..%2fview.py").status_code == 404


def test_the_page_opens_nothing_else(url: str) -> None:
    base = url.removesuffix("/verify")

    assert httpx.get(f"{base}/v1/posts/p1/verdict").status_code == 401
    assert httpx.post(f"{base}/v1/posts", json={}).status_code == 401
    assert httpx.post(f"{base}/v1/posts", content=bytes(3_000_000)).status_code in {401, 413}
    assert httpx.get(f"{base}/openapi.json").status_code == 404


def test_an_address_has_a_limit_also_behind_a_proxy() -> None:
    with serving(ToldVerifier, verify_burst=2, verify_per_hour=60) as base:
        url = f"{base}/verify"
        first = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        statuses = [post(url, b"x", {**JSON, **first}).status_code for _ in range(3)]
        refused = post(url, b"x", {"Accept": "text/html", **first})
        other = post(url, b"x", {**JSON, "X-Forwarded-For": "203.0.113.10"})

    assert statuses == [200, 200, 429]
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "Too many checks from your network" in refused.text
    assert other.status_code == 200


def test_one_address_cannot_take_all_places() -> None:
    verifier = ToldVerifier()
    with serving(lambda: verifier) as base:
        verifier.released.clear()
        waiting = [threading.Thread(target=post, args=(f"{base}/verify", b"x" * size)) for size in (1, 2)]
        for thread in waiting:
            thread.start()
        while not verifier.seen:
            threading.Event().wait(0.01)
        third = wait_for_status(f"{base}/verify", 503)
        verifier.released.set()
        for thread in waiting:
            thread.join(60)

    assert "Too many files are waiting" in third.text


def wait_for_status(url: str, status: int) -> httpx.Response:
    """Send uploads that are cut off until the answer has this status."""
    for _ in range(200):
        answer = httpx.post(url, content=b"", headers={"Content-Type": "multipart/form-data; boundary=X"})
        if answer.status_code == status:
            return answer
    raise AssertionError(f"no answer had the status {status}")


def test_until_the_model_is_loaded_the_page_says_so() -> None:
    loading = threading.Event()

    def load() -> ToldVerifier:
        assert loading.wait(60)
        return ToldVerifier()

    with serving(load, loaded=False) as base:
        page, answer = httpx.get(f"{base}/verify?lang=en"), post(f"{base}/verify", b"x", JSON)
        loading.set()

    assert page.status_code == answer.status_code == 503
    assert page.headers["retry-after"] == answer.headers["retry-after"] == "10"
    assert "The page is just starting" in page.text


def test_a_client_that_leaves_frees_its_place() -> None:
    with serving(ToldVerifier) as base:
        address = base.removeprefix("http://").split(":")
        for _ in range(10):  # more than there are places
            with socket.create_connection((address[0], int(address[1]))) as client:
                client.sendall(
                    b"POST /verify HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"
                    b"Content-Type: multipart/form-data; boundary=X\r\n\r\n--X\r\n"
                )
        for _ in range(200):
            answer = post(f"{base}/verify", b"x", JSON)
            if answer.status_code == 200:
                break

    assert answer.status_code == 200


def test_a_connection_serves_on_after_a_refusal() -> None:
    with serving(ToldVerifier, verify_max_bytes=100_000) as base:
        connection = HTTPConnection(base.removeprefix("http://"), timeout=60)
        connection.request("POST", "/verify", bytes(300_000), {"Content-Type": "text/plain"})
        assert connection.getresponse().read()
        connection.request("GET", "/verify")
        assert connection.getresponse().status == 200
        connection.close()


def test_without_the_setting_there_is_no_page() -> None:
    with serving(ToldVerifier, verify_page=False) as base:
        assert httpx.get(f"{base}/verify").status_code == 404
