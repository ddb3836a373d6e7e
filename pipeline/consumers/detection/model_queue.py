"""Collects decoded media items from all events and runs the model on them in batches, in one thread.

Whoever submits an item gets a future. The frames of an item are released as soon as the model has seen it, so
an event with many media items never holds all of them.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, PriorityQueue
from typing import Generic, TypeVar

from pipeline.runtime import metrics

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")  # its result

PRIORITY_STEP = 16  # so many later items of the next higher priority may overtake an item, and no more
_CLOSE_RANK = -1


@dataclass(frozen=True)
class BatchLimits:
    """When a batch is full: by its number of items, or by their cost in frames. ``wait`` is in seconds."""

    items: int = 8
    cost: int = 32  # a video has 32 frames
    wait: float = 0.02


@dataclass(order=True)
class _Entry(Generic[I, R]):
    rank: int
    order: int
    item: I | None = field(compare=False)
    cost: int = field(compare=False)
    future: "Future[R]" = field(compare=False)


class ModelQueue(Generic[I, R]):
    """Runs ``work`` on batches of items. ``work`` returns one result per item, in order."""

    def __init__(self, work: Callable[[Sequence[I]], Sequence[R]], limits: BatchLimits) -> None:
        self._work = work
        self._limits = limits
        self._order = count()  # breaks ties: first in, first out
        self._entries: PriorityQueue[_Entry[I, R]] = PriorityQueue()
        self._deferred: _Entry[I, R] | None = None  # did not fit into the batch before
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def submit(self, item: I, *, cost: int, priority: int) -> "Future[R]":
        """Queue an item; ``cost`` is its number of frames, and a lower ``priority`` number comes first.

        A costly item moves back by its cost, so that cheap ones overtake it, but only so many: pictures do
        not wait for a video, and the video is not starved.
        """
        order = next(self._order)
        entry: _Entry[I, R] = _Entry(order + cost + PRIORITY_STEP * priority, order, item, cost, Future())
        self._entries.put(entry)
        return entry.future

    def busy_seconds(self) -> float:
        """Return for how long the current batch has been running; 0 between batches."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the thread after the current batch. Items that wait get no result."""
        self._entries.put(_Entry(_CLOSE_RANK, next(self._order), None, 0, Future()))

    def join(self, seconds: float) -> None:
        """Wait up to ``seconds`` for the end of the thread."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while batch := self._next_batch():
            self._busy_since = time.monotonic()
            metrics.MODEL_BATCH_SIZE.observe(len(batch))
            self._finish(batch)
            metrics.MODEL_BATCH_SECONDS.observe(self.busy_seconds())
            self._busy_since = None
            del batch  # or the frames would stay in memory until the next batch

    def _finish(self, batch: Sequence[_Entry[I, R]]) -> None:
        try:
            results = self._work([entry.item for entry in batch if entry.item is not None])
        except Exception as error:  # noqa: BLE001 - the boundary: it becomes the result of these items
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for entry in batch:  # one of them made the batch fail: only that one shall fail
                self._finish([entry])
            return
        for entry, result in zip(batch, results, strict=True):
            entry.future.set_result(result)

    def _next_batch(self) -> list[_Entry[I, R]]:
        """Return the next batch, once it is full or its waiting time is over; [] if closed."""
        batch: list[_Entry[I, R]] = []
        cost = 0
        deadline: float | None = None
        while len(batch) < self._limits.items:
            try:
                entry = self._next_entry(deadline)
            except Empty:
                break
            if entry.item is None:
                return []
            cost += entry.cost
            if batch and cost > self._limits.cost:
                self._deferred = entry
                break
            batch.append(entry)
            deadline = deadline or time.monotonic() + self._limits.wait
        return batch

    def _next_entry(self, deadline: float | None) -> _Entry[I, R]:
        """Return the next entry; raise ``Empty`` at ``deadline`` (monotonic time; None: never)."""
        if self._deferred is not None:
            deferred, self._deferred = self._deferred, None
            return deferred
        return self._entries.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
