"""The two stages of work on an event: preparation in several threads, then batches in one compute thread.

The threads prepare the next batch while the compute thread works on the current one. Outcomes wait in a queue
until the loop collects them.
"""

import threading
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, PriorityQueue, SimpleQueue
from typing import Generic, TypeVar, cast

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer, Consumer
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.offsets import OffsetTracker
from pipeline.runtime.retries import Tries
from pipeline.runtime.time_limit import TimeLimit
from schemas.envelope import Event, Record, read_event
from schemas.topics import Topic

P = TypeVar("P")

_CLOSE_RANK = -1  # sorts before every rank, so that closing does not wait for queued work
OVERHEAD_BYTES = 2_000  # estimate of the Python objects around a record
OVERTAKING = 32  # later groups that may overtake one whose priority is lower by one; so none starves


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
    def size(self) -> int:
        """The memory of the record, in bytes, roughly."""
        headers = sum(len(name) + len(raw or b"") for name, raw in self.record.headers)
        return OVERHEAD_BYTES + len(self.key or b"") + len(self.record.value or b"") + headers

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
    """Runs a consumer's ``prepare`` and ``handle`` on jobs. :meth:`finished` returns the outcomes.

    The threads are daemons: a process that must end does not wait for a call that hangs.
    """

    def __init__(
        self,
        consumer: Consumer[P],
        *,
        threads: int,
        batch_size: int,
        batch_wait: float,
        prepare_seconds: float,
        handle_seconds: float,
    ) -> None:
        """``prepare_seconds`` and ``handle_seconds`` are the time limits of one call of the consumer."""
        self._consumer = consumer
        self._batch_size = batch_size
        self._batch_wait = batch_wait
        self._prepare_limit = TimeLimit(prepare_seconds)
        self._handle_limit = TimeLimit(handle_seconds)
        self._submissions = 0
        self._order = count()  # breaks ties in the queues: first in, first out
        self._submitted: PriorityQueue[tuple[int, int, Sequence[Job] | None]] = PriorityQueue()
        self._prepared: PriorityQueue[tuple[int, int, Job | None, P | None]] = PriorityQueue()
        self._finished: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
        targets = [("compute", self._run_batches)]
        targets += [(f"prepare-{number}", self._run_prepare) for number in range(threads)]
        self._threads = [threading.Thread(target=target, name=name, daemon=True) for name, target in targets]
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        """Whether all threads run. Without one of them, events would not be answered."""
        return all(thread.is_alive() for thread in self._threads)

    @property
    def overdue(self) -> bool:
        """Whether a call of the consumer takes longer than its limit, so that its thread may hang."""
        return self._prepare_limit.exceeded or self._handle_limit.exceeded

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start to work on ``jobs``, which have one priority: one thread prepares them in order."""
        self._submissions += 1
        rank = self._submissions + jobs[0].priority * OVERTAKING
        self._submitted.put((rank, next(self._order), jobs))

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
        for _ in self._threads:
            self._submitted.put((_CLOSE_RANK, next(self._order), None))
        self._prepared.put((_CLOSE_RANK, next(self._order), None, None))

    def _run_prepare(self) -> None:
        while True:
            rank, _, jobs = self._submitted.get()
            if jobs is None:
                return
            for job in jobs:
                self._prepare(job, rank)

    def _prepare(self, job: Job, rank: int) -> None:
        start = time.monotonic()
        try:
            job.event = read_event(job.record, job.topic)
            with self._prepare_limit.watch():
                prepared = self._consumer.prepare(job.event, job.tries.attempt)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure becomes the outcome of this event
            self._finished.put((job, error))
            return
        job.seconds["prepare"] = time.monotonic() - start
        self._prepared.put((rank, next(self._order), job, prepared))

    def _run_batches(self) -> None:
        while batch := self._next_batch():
            start = time.monotonic()
            jobs = [job for job, _ in batch]
            outcomes = self._handle([prepared for _, prepared in batch])
            seconds = time.monotonic() - start
            metrics.BATCH_SIZE.labels(self._consumer.name).observe(len(batch))
            metrics.BATCH_SECONDS.labels(self._consumer.name).observe(seconds)
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.seconds["handle"] = seconds
                self._finished.put((job, outcome))

    def _next_batch(self) -> list[tuple[Job, P]]:
        """Return the jobs of the next batch, once it is full or its waiting time is over; [] if closed."""
        batch: list[tuple[Job, P]] = []
        deadline: float | None = None
        while len(batch) < self._batch_size:
            try:
                batch.append(self._next_prepared(deadline))
            except Empty:
                break
            except _Closed:
                return []
            deadline = deadline or time.monotonic() + self._batch_wait
        return batch

    def _next_prepared(self, deadline: float | None) -> tuple[Job, P]:
        """Return the next prepared job; raise ``Empty`` at ``deadline`` (monotonic time; None: never)."""
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        *_, job, prepared = self._prepared.get(timeout=remaining)
        if job is None:
            raise _Closed
        return job, cast(P, prepared)  # only the closing entry has none

    def _handle(self, batch: Sequence[P]) -> Sequence[Outcome]:
        try:
            with self._handle_limit.watch():
                return self._consumer.handle(batch)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure becomes the outcome of these events
            if len(batch) == 1 or fault_of(error) in (Fault.OUTAGE, Fault.PROCESS):
                return [error] * len(batch)
        # One event made the batch fail: handle each event alone, so that only that one fails.
        return [self._handle([prepared])[0] for prepared in batch]
