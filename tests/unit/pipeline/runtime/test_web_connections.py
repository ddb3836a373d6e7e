"""Slow clients are disconnected, connections are bounded, and honest clients notice nothing."""

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pipeline.runtime import web_connections
from pipeline.runtime.web_server import WebServer

LIMIT_SECONDS = 0.5
GET = b"GET /size HTTP/1.1\r\nHost: a\r\n\r\n"
BIG = 50_000_000  # bytes; more than the sockets' buffers hold


async def size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def big(_: Request) -> PlainTextResponse:
    return PlainTextResponse("x" * BIG)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A server that gives clients half a second."""
    monkeypatch.setattr(web_connections, "CLIENT_SECONDS", LIMIT_SECONDS)
    app = Starlette(routes=[Route("/size", size, methods=["GET", "POST"]), Route("/big", big)])
    server = WebServer(app, host="127.0.0.1", port=0, alive=lambda: True, ready=lambda: True)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.ready:
        assert time.monotonic() < deadline
        time.sleep(0.01)  # polls until the deadline
    yield server
    server.stop()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def port(server: WebServer) -> int:
    """The server's port."""
    return server.port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def seconds_until_closed(connection: socket.socket, trickle: bytes = b"") -> float:
    """Send ``trickle`` byte by byte until the server closes the connection; return how long that took."""
    started = time.monotonic()
    connection.settimeout(0.05)
    rest = iter(trickle)
    while time.monotonic() - started < 10:
        try:
            if (byte := next(rest, None)) is not None:
                connection.sendall(bytes([byte]))
            if connection.recv(65_536) == b"":
                return time.monotonic() - started
        except TimeoutError:
            continue
        except ConnectionError:
            return time.monotonic() - started
    raise AssertionError("the server kept the connection open")


def seconds_until_refused(connection: socket.socket, piece: bytes) -> float:
    """Send ``piece`` as fast as possible until the server closes the connection; return how long it took."""
    started = time.monotonic()
    while time.monotonic() - started < 20:
        try:
            connection.sendall(piece)
        except ConnectionError:
            break
    return time.monotonic() - started


def received(connection: socket.socket) -> int:
    """Return how many bytes still arrive until the connection ends."""
    total = 0
    try:
        while piece := connection.recv(1_000_000):
            total += len(piece)
    except ConnectionError:
        return total
    return total


POST = b"POST /size HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("sent", "trickle"),
    [
        (b"", b""),
        (b"", b"GET / HTTP/1.1\r\nX: " + b"y" * 1_000),
        (POST + b"Content-Length: 1000\r\n\r\n", b"z" * 1_000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nz\r\n" * 500),
        (GET, b"GET / HTTP/1.1\r\nX: " + b"y" * 1_000),  # after an honest request
    ],
    ids=["silent", "headers", "body", "chunks", "second request"],
)
def test_a_client_that_sends_too_slowly_is_disconnected(port: int, sent: bytes, trickle: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(sent)

        assert seconds_until_closed(connection, trickle) < 10 * LIMIT_SECONDS


def test_a_large_upload_that_arrives_fast_enough_is_read(port: int) -> None:
    pieces, size = 12, 50_000
    with connect(port) as connection:
        connection.sendall(POST + f"Content-Length: {pieces * size}\r\n\r\n".encode())
        for _ in range(pieces):  # 1.2 s, more than twice the limit
            connection.sendall(b"x" * size)
            time.sleep(0.1)  # the pace is what is tested

        assert connection.recv(65_536).endswith(b"600000")


def test_a_client_that_sends_on_after_its_answer_is_disconnected(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(b"POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")

        assert seconds_until_refused(connection, b"186A0\r\n" + b"x" * 100_000 + b"\r\n") < 10


def test_a_client_that_does_not_read_its_response_is_disconnected(server: WebServer) -> None:
    with connect(server.port) as connection:
        connection.sendall(GET.replace(b"/size", b"/big"))
        open_connections = server._server.server_state.connections
        deadline = time.monotonic() + 20
        while not open_connections:
            assert time.monotonic() < deadline
        while open_connections:
            assert time.monotonic() < deadline
            time.sleep(0.01)  # polls until the deadline

        assert received(connection) < BIG


def test_an_honest_client_keeps_its_connection(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    connection.auto_open = 0  # so that a closed connection is an error
    for pause_seconds in (LIMIT_SECONDS * 1.5, LIMIT_SECONDS / 2, 0):
        connection.request("POST", "/size", b"x" * 200_000)
        assert connection.getresponse().read() == b"200000"
        time.sleep(pause_seconds)  # a pause between requests is what is tested
    connection.close()


def test_connections_above_the_limit_are_closed_and_the_others_served(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_connections, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(web_connections, "CLIENT_SECONDS", 20.0)
    with connect(port) as first, connect(port) as second, connect(port) as third:
        assert seconds_until_closed(third) < 5
        for connection in (first, second):
            connection.sendall(GET)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "bytes_sent", [b"\x16\x03\x01\x00\x00\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET /\xff\r\n\r\n"]
)
def test_what_is_not_http_gets_a_problem(port: int, bytes_sent: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(bytes_sent)
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json\r\n" in answer
    assert answer.endswith(b'"detail":"this is not a valid HTTP request"}')
