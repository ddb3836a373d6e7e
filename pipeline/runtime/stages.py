"""The two stages of work on an event: preparation in several threads, then batches in one compute thread.

The threads prepare the next batch while the compute thread works on the current one. Outcomes wait in a queue
until the loop collects them.
"""

import threading
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, PriorityQueue, SimpleQueue
from typing import Generic, TypeVar, cast

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer, Consumer
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.offsets import OffsetTracker
from pipeline.runtime.retries import Tries
from schemas.envelope import Event, Record, read_event
from schemas.topics import Topic

P = TypeVar("P")

_CLOSE_PRIORITY = -1  # sorts before every priority, so that closing does not wait for queued work


class _Closed(Exception):  # noqa: N818 - a signal, not an error
    """Tells the compute thread to end."""


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
    def identity(self) -> Hashable:
        """What is common to all records of this event: the original and its retries."""
        return self.topic.name, self.key, self.since_ms

    @property
    def is_retry(self) -> bool:
        """Whether the record was read from a retry topic."""
        return self.record.topic != self.topic.name

    @property
    def key(self) -> bytes | None:
        """The key of the record: the id of the post."""
        return self.record.key


Outcome = Answer | Exception


class Stages(Generic[P]):
    """Runs a consumer's ``prepare`` and ``handle`` on jobs. :meth:`finished` returns the outcomes."""

    def __init__(
        self, consumer: Consumer[P], *, threads: int, batch_size: int, batch_cost: int, batch_wait: float
    ) -> None:
        self._consumer = consumer
        self._batch_size = batch_size
        self._batch_cost = batch_cost
        self._batch_wait = batch_wait
        self._order = count()  # breaks ties in the queue: first in, first out
        self._deferred: tuple[Job, P] | None = None  # did not fit into the previous batch
        self._prepared_bytes = 0
        self._bytes_lock = threading.Lock()
        self._prepared: PriorityQueue[tuple[int, int, int, Job | None, P | None]] = PriorityQueue()
        self._finished: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="prepare")
        self._compute = threading.Thread(target=self._run_batches, name="compute", daemon=True)
        self._compute.start()

    @property
    def alive(self) -> bool:
        """Whether the compute thread runs. Without it, no event would be answered."""
        return self._compute.is_alive()

    @property
    def prepared_bytes(self) -> int:
        """The memory that events hold from their preparation until they are handled."""
        return self._prepared_bytes

    def submit(self, job: Job) -> None:
        """Start to work on ``job``."""
        self._pool.submit(self._prepare, job)

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
        self._prepared.put((_CLOSE_PRIORITY, 0, next(self._order), None, None))

    def _prepare(self, job: Job) -> None:
        start = time.monotonic()
        try:
            job.event = read_event(job.record, job.topic)
            prepared = self._consumer.prepare(job.event, job.tries.attempt)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure becomes the outcome of this event
            self._finished.put((job, error))
            return
        job.seconds["prepare"] = time.monotonic() - start
        self._add_bytes(self._consumer.size(prepared))
        order = next(self._order)
        # A costly event moves back by its cost, so that cheap events overtake it, but only that many.
        # Pictures do not wait for a video, and the video is not starved.
        rank = order + self._consumer.cost(prepared)
        self._prepared.put((job.priority, rank, order, job, prepared))

    def _add_bytes(self, size: int) -> None:
        with self._bytes_lock:
            self._prepared_bytes += size

    def _run_batches(self) -> None:
        while batch := self._next_batch():
            start = time.monotonic()
            jobs = [job for job, _ in batch]
            outcomes = self._handle([prepared for _, prepared in batch])
            seconds = time.monotonic() - start
            self._add_bytes(-sum(self._consumer.size(prepared) for _, prepared in batch))
            metrics.BATCH_SIZE.labels(self._consumer.name).observe(len(batch))
            metrics.BATCH_SECONDS.labels(self._consumer.name).observe(seconds)
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.seconds["handle"] = seconds
                self._finished.put((job, outcome))

    def _next_batch(self) -> list[tuple[Job, P]]:
        """Return the jobs of the next batch, once it is full or its waiting time is over; [] if closed.

        A job that would exceed the maximum cost starts the next batch instead, so that pictures do not wait
        for a video that came after them.
        """
        batch: list[tuple[Job, P]] = []
        cost = 0
        deadline: float | None = None
        while len(batch) < self._batch_size:
            try:
                job, prepared = self._next_prepared(deadline)
            except Empty:
                break
            except _Closed:
                return []
            cost += self._consumer.cost(prepared)
            if batch and cost > self._batch_cost:
                self._deferred = (job, prepared)
                break
            batch.append((job, prepared))
            deadline = deadline or time.monotonic() + self._batch_wait
        return batch

    def _next_prepared(self, deadline: float | None) -> tuple[Job, P]:
        """Return the next prepared job; raise ``Empty`` at ``deadline`` (monotonic time; None: never)."""
        if self._deferred is not None:
            deferred, self._deferred = self._deferred, None
            return deferred
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        *_, job, prepared = self._prepared.get(timeout=remaining)
        if job is None:
            raise _Closed
        return job, cast(P, prepared)  # only the closing entry has none

    def _handle(self, batch: Sequence[P]) -> Sequence[Outcome]:
        try:
            return self._consumer.handle(batch)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure becomes the outcome of these events
            if len(batch) == 1 or fault_of(error) in (Fault.OUTAGE, Fault.PROCESS):
                return [error] * len(batch)
        # One event made the batch fail: handle each event alone, so that only that one fails.
        return [self._handle([prepared])[0] for prepared in batch]
