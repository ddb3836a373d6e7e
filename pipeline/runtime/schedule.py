"""Which record is worked on next: by priority, one at a time for each key, and not before it is due."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class _Waiting(Generic[R]):
    key: bytes | None
    record: R


class Schedule(Generic[R]):
    """Records that were read and wait for a thread.

    Records of one key (one post) and one priority are handed out in their order, the next only after the
    one before has ended, so that a post's events are answered in order. Records without a key are free.
    """

    def __init__(self, priorities: int) -> None:
        self._ready: list[deque[_Waiting[R]]] = [deque() for _ in range(priorities)]
        self._due: list[tuple[float, int, int, _Waiting[R]]] = []
        self._busy: set[tuple[int, bytes]] = set()
        self._order = count()  # ties of the heap: first come, first served

    def add(self, record: R, *, priority: int, key: bytes | None, due: float = 0.0) -> None:
        """Let ``record`` wait; it is handed out once the clock reaches ``due``."""
        waiting = _Waiting(key, record)
        if due > 0:
            heapq.heappush(self._due, (due, next(self._order), priority, waiting))
        else:
            self._ready[priority].append(waiting)

    def take(self, now: float) -> R | None:
        """The next record to work on at time ``now``; None if none is due with a free key."""
        self._wake(now)
        for priority, queue in enumerate(self._ready):
            for place, waiting in enumerate(queue):
                lane = (priority, waiting.key) if waiting.key is not None else None
                if lane in self._busy:
                    continue
                del queue[place]
                if lane is not None:
                    self._busy.add(lane)
                return waiting.record
        return None

    def release(self, *, priority: int, key: bytes | None) -> None:
        """The record of this key has ended; the next one may follow."""
        if key is not None:
            self._busy.discard((priority, key))

    def drop(self, unwanted: Callable[[R], bool]) -> list[R]:
        """Take out waiting records, for example those of a partition that was taken away."""
        dropped: list[R] = []
        for queue in self._ready:
            waiting = list(queue)
            queue.clear()
            for item in waiting:
                dropped.append(item.record) if unwanted(item.record) else queue.append(item)
        dropped += [item[3].record for item in self._due if unwanted(item[3].record)]
        self._due = [item for item in self._due if not unwanted(item[3].record)]
        heapq.heapify(self._due)
        return dropped

    def _wake(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            _, _, priority, waiting = heapq.heappop(self._due)
            self._ready[priority].append(waiting)
