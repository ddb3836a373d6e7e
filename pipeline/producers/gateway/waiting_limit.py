"""Limits how many requests of one key wait for a verdict at the same time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class TooManyWaitingError(Exception):
    """The key has as many waiting requests as it may have."""


class WaitingLimit:
    """Counts the waiting requests of each key. Used only in the event loop's thread."""

    def __init__(self, per_key: int) -> None:
        self.per_key = per_key
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def hold(self, key_id: str) -> Iterator[None]:
        """Count a request of this key while it waits; raise :class:`TooManyWaitingError` at the limit."""
        if self._waiting[key_id] >= self.per_key:
            raise TooManyWaitingError
        self._waiting[key_id] += 1
        try:
            yield
        finally:
            self._waiting[key_id] -= 1
            if not self._waiting[key_id]:
                del self._waiting[key_id]
