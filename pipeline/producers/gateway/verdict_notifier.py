"""Wakes requests that wait for a verdict, by PostgreSQL's notices: one connection for all that wait."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from storage import verdicts
from storage.errors import DatabaseUnavailableError
from storage.notices import Listener

_LISTEN_SECONDS = 0.25  # how long closing may take
_RECONNECT_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 2.0  # a notice may be lost with its connection: look anyway, this often

T = TypeVar("T")

log = structlog.get_logger(__name__)


class VerdictBell:
    """Rings for a post when its verdict is committed. One thread listens; one event loop waits."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="verdict-bell", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)  # touched by the loop's thread alone

    def start(self) -> None:
        """Begin to listen, for the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def wait(self, post_id: str, seconds: float, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """What ``look`` finds, now or after a ring, within ``seconds``; None if it finds nothing."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        with self._registered(post_id) as rung:
            while True:
                rung.clear()  # before looking: what is committed after the look rings again
                found = await look()
                left = until - loop.time()
                if found is not None or left <= 0 or self._closing.is_set():
                    return found
                await _either(rung, min(left, _LOOK_AGAIN_SECONDS))

    def awaited(self, post_id: str) -> bool:
        """Whether somebody waits for a verdict on this post."""
        return post_id in self._waiting

    def dismiss(self) -> None:
        """Answer all who wait with what is there; from any thread, or a signal handler."""
        self._closing.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ring_all)

    def close(self) -> None:
        """Listen no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    @contextmanager
    def _registered(self, post_id: str) -> Iterator[asyncio.Event]:
        rung = asyncio.Event()
        self._waiting[post_id].add(rung)
        try:
            yield rung
        finally:
            self._waiting[post_id].discard(rung)
            if not self._waiting[post_id]:
                del self._waiting[post_id]

    def _ring(self, post_id: str) -> None:
        for rung in self._waiting.get(post_id, ()):
            rung.set()

    def _ring_all(self) -> None:
        for post_id in self._waiting:
            self._ring(post_id)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                with Listener(self._url, verdicts.CHANNEL) as listener:
                    self._pass_on(listener)
            except DatabaseUnavailableError as error:
                log.warning("gateway.bell_disconnected", error=str(error))
                self._closing.wait(_RECONNECT_SECONDS)

    def _pass_on(self, listener: Listener) -> None:
        assert self._loop is not None  # start() set it before this thread ran
        while not self._closing.is_set():
            for post_id in listener.wait(_LISTEN_SECONDS):
                self._loop.call_soon_threadsafe(self._ring, post_id)


async def _either(rung: asyncio.Event, seconds: float) -> None:
    """Until the ring or the time, whichever is first."""
    try:
        async with asyncio.timeout(seconds):
            await rung.wait()
    except TimeoutError:
        return
