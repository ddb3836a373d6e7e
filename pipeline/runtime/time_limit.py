"""Notices calls that take too long. A thread cannot be stopped, so the process must be restarted."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class TimeLimit:
    """Watches calls of several threads, at most one per thread at a time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started: dict[int, float] = {}  # by thread: monotonic time

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Watch the call in the body of this ``with`` statement."""
        thread = threading.get_ident()
        self._started[thread] = time.monotonic()
        try:
            yield
        finally:
            del self._started[thread]

    @property
    def exceeded(self) -> bool:
        """Whether a call in progress takes longer than the limit. May be asked from any thread."""
        now = time.monotonic()
        return any(now - started > self._seconds for started in list(self._started.values()))
