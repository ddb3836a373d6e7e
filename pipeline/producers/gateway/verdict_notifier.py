"""Wakes requests that wait for a verdict when PostgreSQL sends a notification; they share one connection."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from storage import verdicts
from storage.errors import DatabaseUnavailableError
from storage.notifications import Listener

_LISTEN_SECONDS = 0.25  # upper bound on how long closing takes
_RECONNECT_SECONDS = 1.0
_POLL_SECONDS = 2.0  # poll this often, because a notification can be lost with its connection

T = TypeVar("T")

log = structlog.get_logger(__name__)


class VerdictNotifier:
    """Notifies waiting requests when the verdict on a post is committed.

    One thread listens to PostgreSQL; requests wait in one event loop.
    """

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="verdict-notifier", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)  # used only in the loop's thread

    def start(self) -> None:
        """Start to listen on behalf of the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def wait(self, post_id: str, seconds: float, find: Callable[[], Awaitable[T | None]]) -> T | None:
        """Return what ``find`` returns, calling it now and after each notification for ``seconds``.

        Return None if it returned None every time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._registered(post_id) as notified:
            while True:
                notified.clear()  # before the call, so that a commit after the call notifies again
                found = await find()
                remaining = deadline - loop.time()
                if found is not None or remaining <= 0 or self._closing.is_set():
                    return found
                await _wait_until_set(notified, min(remaining, _POLL_SECONDS))

    def waiting(self, post_id: str) -> int:
        """Return how many requests wait for a verdict on this post."""
        return len(self._waiting.get(post_id, ()))

    def release_all(self) -> None:
        """Make all waiting requests return without a verdict; callable from any thread or signal handler."""
        self._closing.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._notify_all)

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    @contextmanager
    def _registered(self, post_id: str) -> Iterator[asyncio.Event]:
        notified = asyncio.Event()
        self._waiting[post_id].add(notified)
        try:
            yield notified
        finally:
            self._waiting[post_id].discard(notified)
            if not self._waiting[post_id]:
                del self._waiting[post_id]

    def _notify(self, post_id: str) -> None:
        for notified in self._waiting.get(post_id, ()):
            notified.set()

    def _notify_all(self) -> None:
        for post_id in self._waiting:
            self._notify(post_id)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                with Listener(self._url, verdicts.CHANNEL) as listener:
                    self._forward_notifications(listener)
            except DatabaseUnavailableError as error:
                log.warning("gateway.bell_disconnected", error=str(error))
                self._closing.wait(_RECONNECT_SECONDS)

    def _forward_notifications(self, listener: Listener) -> None:
        assert self._loop is not None  # start() sets it before this thread runs
        while not self._closing.is_set():
            for post_id in listener.wait(_LISTEN_SECONDS):
                self._loop.call_soon_threadsafe(self._notify, post_id)


async def _wait_until_set(event: asyncio.Event, seconds: float) -> None:
    """Wait until ``event`` is set, at most ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
