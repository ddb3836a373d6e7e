"""Chooses the next records to work on: by priority, fair between keys, and not before they are due.

A lane holds the waiting records of one key (one post) and one priority. Its records are handed out in order,
and together: what many users report about one post is one piece of work. Lanes take turns, so a post with a
thousand reports does not hold back the others.
"""

import heapq
from collections import deque
from collections.abc import Callable, Hashable
from itertools import count
from typing import Generic, TypeVar

R = TypeVar("R")

_Lane = tuple[int, Hashable]  # priority and key


class Schedule(Generic[R]):
    """The records that were read and wait for a thread. Records without a key may run in parallel."""

    def __init__(self, priorities: int, *, lowest_share: int = 16) -> None:
        """Every ``lowest_share``-th time, the lowest waiting priority comes first: it never starves."""
        self._ready: list[deque[_Lane]] = [deque() for _ in range(priorities)]  # lanes in the order of turns
        self._lanes: dict[_Lane, deque[R]] = {}  # waiting records
        self._busy: set[_Lane] = set()
        self._delayed: list[tuple[float, int, _Lane, R]] = []  # heap: due, order, lane, record
        self._order = count()  # breaks ties in the heap: first in, first out
        self._lowest_share = lowest_share
        self._turns = 0

    def add(self, record: R, *, priority: int, key: bytes | None, due: float = 0.0) -> None:
        """Queue ``record``. It is handed out once the clock reaches ``due``."""
        lane = (priority, object() if key is None else key)
        if due > 0:
            heapq.heappush(self._delayed, (due, next(self._order), lane, record))
        else:
            self._append(lane, record)

    def take(self, now: float, limit: int = 1) -> list[R]:
        """Return up to ``limit`` records of one lane, in order; [] if none is due and has a free key.

        The lane is busy until :meth:`release`.
        """
        self._queue_due(now)
        priority = self._next_priority()
        if priority is None:
            return []
        lane = self._ready[priority].popleft()
        waiting = self._lanes[lane]
        taken = [waiting.popleft() for _ in range(min(limit, len(waiting)))]
        if isinstance(lane[1], bytes):
            self._busy.add(lane)
        if not waiting:
            del self._lanes[lane]
        return taken

    def release(self, *, priority: int, key: bytes | None) -> None:
        """Free the key of records that were handed out, so that the next records with this key can follow."""
        lane = (priority, key)
        if lane in self._busy:
            self._busy.discard(lane)
            if lane in self._lanes:
                self._ready[priority].append(lane)

    def drop(self, unwanted: Callable[[R], bool]) -> list[R]:
        """Remove and return waiting records, for example those of a revoked partition."""
        dropped: list[R] = []
        for lane, waiting in list(self._lanes.items()):
            dropped += [record for record in waiting if unwanted(record)]
            self._lanes[lane] = deque(record for record in waiting if not unwanted(record))
            if not self._lanes[lane]:
                del self._lanes[lane]
        self._ready = [deque(lane for lane in lanes if lane in self._lanes) for lanes in self._ready]
        dropped += [record for *_, record in self._delayed if unwanted(record)]
        self._delayed = [entry for entry in self._delayed if not unwanted(entry[3])]
        heapq.heapify(self._delayed)
        return dropped

    def _append(self, lane: _Lane, record: R) -> None:
        if lane in self._lanes:
            self._lanes[lane].append(record)
            return
        self._lanes[lane] = deque([record])
        if lane not in self._busy:
            self._ready[lane[0]].append(lane)

    def _next_priority(self) -> int | None:
        waiting = [priority for priority, lanes in enumerate(self._ready) if lanes]
        if not waiting:
            return None
        self._turns += 1
        return waiting[-1] if self._turns % self._lowest_share == 0 else waiting[0]

    def _queue_due(self, now: float) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            _, _, lane, record = heapq.heappop(self._delayed)
            self._append(lane, record)
