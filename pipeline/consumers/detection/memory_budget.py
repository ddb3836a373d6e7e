"""Limits the memory that media items hold between two steps of detection."""

from collections import deque
from collections.abc import Callable
from threading import Condition


class Reservation:
    """A share of a :class:`MemoryBudget`. Release it exactly once; a second release does nothing."""

    def __init__(self, size: int, give_back: Callable[[int], None]) -> None:
        self._size = size
        self._give_back = give_back

    def shrink(self, size: int) -> None:
        """Keep ``size`` bytes and give back the rest; a larger size changes nothing."""
        if size < self._size:
            self._give_back(self._size - size)
            self._size = size

    def release(self) -> None:
        """Give back all that is left."""
        self.shrink(0)


class MemoryBudget:
    """A number of bytes that threads share, first come, first served.

    A thread must not wait for a reservation while it holds another of the same budget that nobody else can
    release: two such threads would wait for each other.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._changed = Condition()
        self._waiting: deque[object] = deque()

    @property
    def held(self) -> int:
        """The bytes that are reserved now."""
        return self._held

    @property
    def waiting(self) -> int:
        """The number of threads that wait for a reservation."""
        return len(self._waiting)

    def reserve(self, size: int) -> Reservation:
        """Wait until ``size`` bytes are free, then reserve them.

        A size above the limit is reserved alone, once nothing else is held.
        """
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(lambda: self._waiting[0] is ticket and self._fits(size))
            self._waiting.popleft()
            self._held += size
            self._changed.notify_all()  # the next in line may fit too
        return Reservation(size, self._give_back)

    def _fits(self, size: int) -> bool:
        return self._held == 0 or self._held + size <= self._limit

    def _give_back(self, size: int) -> None:
        with self._changed:
            self._held -= size
            self._changed.notify_all()
