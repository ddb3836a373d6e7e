"""Chooses the next records to work on: by priority, in turn between keys, and not before they are due."""

import heapq
from collections import deque
from collections.abc import Callable, Hashable
from itertools import count
from typing import Generic, TypeVar

R = TypeVar("R")


class Schedule(Generic[R]):
    """The records that were read and wait for a thread.

    Records with the same key (one post) and the same priority form a lane. Those that wait together are
    handed out together and in order, and the next ones only when all of them are released. The lanes of a
    priority take turns, so a post with thousands of reports delays others by one hand-out. Every operation
    but :meth:`drop` takes constant time, or logarithmic for delayed records.
    """

    def __init__(self, priorities: int, *, low_priority_every: int) -> None:
        """Every ``low_priority_every``-th hand-out goes to the lowest waiting priority, so none starves."""
        self._lanes: list[_Lanes[R]] = [_Lanes() for _ in range(priorities)]
        self._delayed: list[tuple[float, int, int, bytes | None, R]] = []  # heap: due, order, priority, …
        self._order = count()  # breaks ties in the heap: first in, first out
        self._low_priority_every = low_priority_every
        self._hand_outs = 0

    def add(self, record: R, *, priority: int, key: bytes | None, due: float = 0.0) -> None:
        """Queue ``record``. It is handed out once the clock reaches ``due``."""
        if due > 0:
            heapq.heappush(self._delayed, (due, next(self._order), priority, key, record))
        else:
            self._lanes[priority].add(record, key)

    def take(self, now: float, limit: int = 1) -> list[R]:
        """Return the next records to work on at ``now``: 1 to ``limit`` of one lane, or [] if none wait."""
        self._queue_due(now)
        lowest_first = (self._hand_outs + 1) % self._low_priority_every == 0
        for lanes in reversed(self._lanes) if lowest_first else self._lanes:
            if records := lanes.take(limit):
                self._hand_outs += 1
                return records
        return []

    def release(self, *, priority: int, key: bytes | None) -> None:
        """Tell that one record that was handed out is finished."""
        if key is not None:
            self._lanes[priority].release(key)

    def drop(self, unwanted: Callable[[R], bool]) -> list[R]:
        """Remove and return waiting records, for example those of a revoked partition."""
        dropped = [record for lanes in self._lanes for record in lanes.drop(unwanted)]
        dropped += [item[-1] for item in self._delayed if unwanted(item[-1])]
        self._delayed = [item for item in self._delayed if not unwanted(item[-1])]
        heapq.heapify(self._delayed)
        return dropped

    def _queue_due(self, now: float) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            _, _, priority, key, record = heapq.heappop(self._delayed)
            self._lanes[priority].add(record, key)


class _Lanes(Generic[R]):
    """The lanes of one priority."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[R]] = {}
        self._busy: dict[Hashable, int] = {}  # records that were handed out and are not released
        self._turns: deque[Hashable] = deque()  # lanes that wait and are not busy, each once
        self._keyless = count()  # a record without a key has a lane of its own

    def add(self, record: R, key: bytes | None) -> None:
        lane: Hashable = next(self._keyless) if key is None else key
        if lane in self._waiting:
            self._waiting[lane].append(record)
            return
        self._waiting[lane] = deque([record])
        if lane not in self._busy:
            self._turns.append(lane)

    def take(self, limit: int) -> list[R]:
        if not self._turns:
            return []
        lane = self._turns.popleft()
        queue = self._waiting[lane]
        records = [queue.popleft() for _ in range(min(limit, len(queue)))]
        if not queue:
            del self._waiting[lane]
        if isinstance(lane, bytes):
            self._busy[lane] = len(records)
        return records

    def release(self, key: bytes) -> None:
        self._busy[key] -= 1
        if self._busy[key] == 0:
            del self._busy[key]
            if key in self._waiting:
                self._turns.append(key)

    def drop(self, unwanted: Callable[[R], bool]) -> list[R]:
        dropped = [record for queue in self._waiting.values() for record in queue if unwanted(record)]
        kept = {
            lane: deque(record for record in queue if not unwanted(record))
            for lane, queue in self._waiting.items()
        }
        self._waiting = {lane: queue for lane, queue in kept.items() if queue}
        self._turns = deque(lane for lane in self._turns if lane in self._waiting)
        return dropped
