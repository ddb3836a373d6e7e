"""The two stages of work on an event: preparation in several threads, then batches in one thread.

Events of one key come together: one thread prepares them in order, so that they are answered in order. The
threads prepare the next batch while the current one is handled. Outcomes wait in a queue until the loop
collects them.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, PriorityQueue, SimpleQueue
from typing import Generic, TypeVar, cast

from pipeline.errors import FatalError
from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer, Consumer
from pipeline.runtime.offsets import OffsetTracker
from pipeline.runtime.retries import Tries, is_transient
from schemas.envelope import Event, Record, read_event
from schemas.topics import Topic

P = TypeVar("P")

_CLOSE_PRIORITY = -1  # sorts before every priority, so that closing does not wait for queued work


@dataclass(eq=False)
class Job:
    """One record in progress: its origin, its event and the seconds spent in each stage."""

    topic: Topic  # the original topic, even if the record was read from its retry topic
    record: Record
    partition: int
    offset: int
    since_ms: int  # Unix time at which the broker first received the event
    tries: Tries
    priority: int
    tracker: OffsetTracker
    event: Event | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> bytes | None:
        """The key of the record: the id of the post."""
        return self.record.key


Outcome = Answer | Exception


class Stages(Generic[P]):
    """Runs a consumer's ``prepare`` and ``handle`` on jobs. :meth:`finished` returns the outcomes."""

    def __init__(self, consumer: Consumer[P], *, threads: int, batch_size: int, batch_wait: float) -> None:
        self._consumer = consumer
        self._batch_size = batch_size
        self._batch_wait = batch_wait
        self._order = count()  # breaks ties in the queue: first in, first out
        self._prepared: PriorityQueue[tuple[int, int, Job | None, P | None]] = PriorityQueue()
        self._finished: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
        self._started: dict[int, float] = {}  # monotonic start of each call into the consumer, by thread
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="prepare")
        self._batches = threading.Thread(target=self._run_batches, name="handle", daemon=True)
        self._batches.start()

    @property
    def alive(self) -> bool:
        """Whether the thread that handles batches runs. Without it, no event would be answered."""
        return self._batches.is_alive()

    def longest_call_seconds(self) -> float:
        """Return for how long the oldest call into the consumer has been running; 0 if there is none."""
        started = list(self._started.values())
        return time.monotonic() - min(started) if started else 0.0

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start to work on ``jobs``, which have the same key: one after another, in this order."""
        self._pool.submit(self._prepare_all, jobs)

    def finished(self) -> list[tuple[Job, Outcome]]:
        """Return the jobs that finished since the last call, in the order in which they finished."""
        finished = []
        while True:
            try:
                finished.append(self._finished.get_nowait())
            except Empty:
                return finished

    def close(self) -> None:
        """End the threads without finishing the work in progress."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._prepared.put((_CLOSE_PRIORITY, next(self._order), None, None))

    def _prepare_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._prepare(job)

    def _prepare(self, job: Job) -> None:
        start = time.monotonic()
        try:
            job.event = read_event(job.record, job.topic)
            with self._timed():
                prepared = self._consumer.prepare(job.event, job.tries.attempt)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure becomes the outcome of this event
            self._finished.put((job, error))
            return
        job.seconds["prepare"] = time.monotonic() - start
        self._prepared.put((job.priority, next(self._order), job, prepared))

    def _run_batches(self) -> None:
        while batch := self._next_batch():
            start = time.monotonic()
            with self._timed():
                outcomes = self._handle([prepared for _, prepared in batch])
            seconds = time.monotonic() - start
            metrics.BATCH_SIZE.labels(self._consumer.name).observe(len(batch))
            metrics.BATCH_SECONDS.labels(self._consumer.name).observe(seconds)
            for (job, _), outcome in zip(batch, outcomes, strict=True):
                job.seconds["handle"] = seconds
                self._finished.put((job, outcome))

    def _next_batch(self) -> list[tuple[Job, P]]:
        """Return the jobs of the next batch, once it is full or its waiting time is over; [] if closed."""
        batch: list[tuple[Job, P]] = []
        deadline: float | None = None
        while len(batch) < self._batch_size:
            remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                *_, job, prepared = self._prepared.get(timeout=remaining)
            except Empty:
                break
            if job is None:
                return []
            batch.append((job, cast(P, prepared)))  # only the closing entry has none
            deadline = deadline or time.monotonic() + self._batch_wait
        return batch

    def _handle(self, batch: Sequence[P]) -> Sequence[Outcome]:
        try:
            return self._consumer.handle(batch)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure becomes the outcome of these events
            if len(batch) == 1 or is_transient(error) or isinstance(error, FatalError):
                return [error] * len(batch)
        # One event made the batch fail: handle each event alone, so that only that one fails.
        return [self._handle([prepared])[0] for prepared in batch]

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Let :meth:`longest_call_seconds` know of a call into the consumer."""
        thread = threading.get_ident()
        self._started[thread] = time.monotonic()
        try:
            yield
        finally:
            del self._started[thread]
