"""The two stages of work on an event: preparation in threads, then batches in the one compute thread.

While the compute thread works on a batch, the threads prepare the next. Results wait in a queue for the
loop, which alone talks to Kafka.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, PriorityQueue, SimpleQueue
from typing import Generic, TypeVar, cast

from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer, Consumer
from pipeline.runtime.offsets import OffsetTracker
from pipeline.runtime.retries import is_transient
from schemas.envelope import Event, Record, read_event
from schemas.topics import Topic

P = TypeVar("P")

_CLOSED = -1  # sorts before every priority: a stopping stage takes no further work


class _Closed(Exception):  # noqa: N818 - no error: the stages take no further work
    """The compute thread should end."""


@dataclass(eq=False)
class Job:
    """One record on its way: where it came from, what is in it, how long each part took."""

    topic: Topic  # of the event, also when it was read from the retry topic
    record: Record
    partition: int
    offset: int
    since_ms: int  # Unix time at which the broker got the event first
    attempt: int
    priority: int
    tracker: OffsetTracker
    event: Event | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> bytes | None:
        """The post that it is about."""
        return self.record.key


Outcome = Answer | Exception


class Stages(Generic[P]):
    """Runs a consumer's ``prepare`` and ``handle`` on jobs; outcomes come back by :meth:`finished`."""

    def __init__(
        self, consumer: Consumer[P], *, threads: int, batch_size: int, batch_cost: int, batch_wait: float
    ) -> None:
        self._consumer = consumer
        self._batch_size = batch_size
        self._batch_cost = batch_cost
        self._batch_wait = batch_wait
        self._order = count()  # ties in the queue: first come, first served
        self._over_budget: tuple[Job, P] | None = None  # for the batch before
        self._held_bytes = 0
        self._held_lock = threading.Lock()
        self._prepared: PriorityQueue[tuple[int, int, int, Job | None, P | None]] = PriorityQueue()
        self._finished: SimpleQueue[tuple[Job, Outcome]] = SimpleQueue()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="prepare")
        self._compute = threading.Thread(target=self._run_batches, name="compute", daemon=True)
        self._compute.start()

    @property
    def alive(self) -> bool:
        """False when the compute thread has ended: nothing would be answered any more."""
        return self._compute.is_alive()

    @property
    def held_bytes(self) -> int:
        """What all prepared and not yet handled events hold in memory."""
        return self._held_bytes

    def submit(self, job: Job) -> None:
        """Begin to work on ``job``."""
        self._pool.submit(self._prepare, job)

    def finished(self) -> list[tuple[Job, Outcome]]:
        """The jobs that have ended since the last call, in the order of their ending."""
        ended = []
        while True:
            try:
                ended.append(self._finished.get_nowait())
            except Empty:
                return ended

    def close(self) -> None:
        """Take no further work and end the threads; work that is under way is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._prepared.put((_CLOSED, 0, next(self._order), None, None))

    def _prepare(self, job: Job) -> None:
        began = time.monotonic()
        try:
            job.event = read_event(job.record, job.topic)
            prepared = self._consumer.prepare(job.event, job.attempt)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure is this event's outcome
            self._finished.put((job, error))
            return
        job.seconds["prepare"] = time.monotonic() - began
        self._hold(self._consumer.size(prepared))
        order = next(self._order)
        # Heavy work lets as many come before it as it weighs, and no more: pictures pass a video, which
        # is not starved by them.
        turn = order + self._consumer.cost(prepared)
        self._prepared.put((job.priority, turn, order, job, prepared))

    def _hold(self, size: int) -> None:
        with self._held_lock:
            self._held_bytes += size

    def _run_batches(self) -> None:
        while batch := self._next_batch():
            began = time.monotonic()
            jobs = [job for job, _ in batch]
            outcomes = self._handle([prepared for _, prepared in batch])
            took = time.monotonic() - began
            self._hold(-sum(self._consumer.size(prepared) for _, prepared in batch))
            metrics.BATCH_SIZE.labels(self._consumer.name).observe(len(batch))
            metrics.BATCH_SECONDS.labels(self._consumer.name).observe(took)
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.seconds["handle"] = took
                self._finished.put((job, outcome))

    def _next_batch(self) -> list[tuple[Job, P]]:
        """The next jobs to handle together: as many as a batch holds, or as come within the waiting time.

        What would make a batch too heavy begins the next one, so that pictures do not wait for a video
        that came after them. Empty when the stages are closed.
        """
        batch: list[tuple[Job, P]] = []
        cost = 0
        deadline: float | None = None
        while len(batch) < self._batch_size:
            try:
                job, prepared = self._take(deadline)
            except Empty:
                break
            except _Closed:
                return []
            cost += self._consumer.cost(prepared)
            if batch and cost > self._batch_cost:
                self._over_budget = (job, prepared)
                break
            batch.append((job, prepared))
            deadline = deadline or time.monotonic() + self._batch_wait
        return batch

    def _take(self, deadline: float | None) -> tuple[Job, P]:
        """The next prepared job; raises ``Empty`` at the ``deadline`` (monotonic time, None: never)."""
        if self._over_budget is not None:
            first, self._over_budget = self._over_budget, None
            return first
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        *_, job, prepared = self._prepared.get(timeout=remaining)
        if job is None:
            raise _Closed
        return job, cast(P, prepared)  # only the closing mark comes without one

    def _handle(self, batch: Sequence[P]) -> Sequence[Outcome]:
        try:
            return self._consumer.handle(batch)
        except Exception as error:  # noqa: BLE001 - the boundary: any failure is the outcome of these events
            if len(batch) == 1 or is_transient(error):
                return [error] * len(batch)
        # One of them breaks the batch: alone, only that one fails.
        return [self._handle([prepared])[0] for prepared in batch]
