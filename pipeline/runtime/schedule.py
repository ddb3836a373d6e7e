"""Chooses the next record to work on: by priority, one at a time per key, and not before it is due."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class _Entry(Generic[R]):
    key: bytes | None
    record: R


class Schedule(Generic[R]):
    """The records that were read and wait for a thread.

    Records with the same key (one post) and the same priority are handed out in order, one at a time, so that
    the events of a post are answered in order. Records without a key may run in parallel.
    """

    def __init__(self, priorities: int) -> None:
        self._ready: list[deque[_Entry[R]]] = [deque() for _ in range(priorities)]
        self._delayed: list[tuple[float, int, int, _Entry[R]]] = []  # heap: due, order, priority, entry
        self._busy: set[tuple[int, bytes]] = set()
        self._order = count()  # breaks ties in the heap: first in, first out

    def add(self, record: R, *, priority: int, key: bytes | None, due: float = 0.0) -> None:
        """Queue ``record``. It is handed out once the clock reaches ``due``."""
        entry = _Entry(key, record)
        if due > 0:
            heapq.heappush(self._delayed, (due, next(self._order), priority, entry))
        else:
            self._ready[priority].append(entry)

    def take(self, now: float) -> R | None:
        """Return the next record to work on at time ``now``; None if no record is due and has a free key."""
        self._queue_due(now)
        for priority, queue in enumerate(self._ready):
            for index, entry in enumerate(queue):
                lane = (priority, entry.key) if entry.key is not None else None
                if lane in self._busy:
                    continue
                del queue[index]
                if lane is not None:
                    self._busy.add(lane)
                return entry.record
        return None

    def release(self, *, priority: int, key: bytes | None) -> None:
        """Free the key of a record that was handed out, so that the next record with this key can follow."""
        if key is not None:
            self._busy.discard((priority, key))

    def drop(self, unwanted: Callable[[R], bool]) -> list[R]:
        """Remove and return waiting records, for example those of a revoked partition."""
        dropped: list[R] = []
        for queue in self._ready:
            entries = list(queue)
            queue.clear()
            for entry in entries:
                dropped.append(entry.record) if unwanted(entry.record) else queue.append(entry)
        dropped += [item[3].record for item in self._delayed if unwanted(item[3].record)]
        self._delayed = [item for item in self._delayed if not unwanted(item[3].record)]
        heapq.heapify(self._delayed)
        return dropped

    def _queue_due(self, now: float) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            _, _, priority, entry = heapq.heappop(self._delayed)
            self._ready[priority].append(entry)
