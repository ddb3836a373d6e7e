"""Any ASGI application becomes a worker with WebServer alone."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from fastapi import FastAPI

from pipeline.runtime.web_server import WebServer

console = FastAPI()


@console.get("/queue")
def queue() -> list[str]:
    return ["case-1"]


class Health:
    """What the application reports about itself."""

    alive = True
    ready = True


@contextmanager
def serving(server: WebServer) -> Iterator[str]:
    """Run ``server`` in a thread; the context value is its URL."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not server.ready:
            assert time.monotonic() < deadline
            time.sleep(0.01)  # polls until the deadline
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(30)
    assert not thread.is_alive()


def make_server(health: Health, stops: list[str]) -> WebServer:
    return WebServer(
        console,
        host="127.0.0.1",
        port=0,
        alive=lambda: health.alive,
        ready=lambda: health.ready,
        on_stop=lambda: stops.append("stopped"),
    )


def test_serves_the_application_until_it_is_stopped() -> None:
    stops: list[str] = []
    server = make_server(Health(), stops)

    assert server.alive
    assert not server.ready  # it has not started
    with serving(server) as url:
        assert httpx.get(f"{url}/queue").json() == ["case-1"]
        assert server.alive
        assert stops == []

    assert stops == ["stopped"]
    assert not server.alive


def test_reports_the_health_of_the_application() -> None:
    health = Health()
    server = make_server(health, [])
    with serving(server):
        health.alive = health.ready = False

        assert not server.alive
        assert not server.ready


def test_on_stop_is_optional() -> None:
    with serving(WebServer(console, host="127.0.0.1", port=0, alive=lambda: True, ready=lambda: True)) as url:
        assert httpx.get(f"{url}/missing").status_code == 404
