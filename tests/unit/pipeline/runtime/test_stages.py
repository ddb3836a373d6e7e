"""Batching, priorities and the handling of exceptions in the stages."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from pipeline.errors import TransientError
from pipeline.runtime.consumer import Answer
from pipeline.runtime.offsets import OffsetTracker
from pipeline.runtime.retries import Tries
from pipeline.runtime.stages import Job, Outcome, Stages
from schemas.envelope import Event, Record, encode
from schemas.errors import UnreadableEventError
from schemas.posts import Media, PostCreated
from schemas.topics import POSTS_CREATED


class CostConsumer:
    """A consumer that reads the cost of an event from its post id (``NAME-COST``) and records its batches."""

    name = "cost"
    subscriptions = ()

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()

    def prepare(self, event: Event, attempt: int) -> str:
        assert isinstance(event.body, PostCreated)
        return event.body.post_id

    def cost(self, prepared: str) -> int:
        return int(prepared.partition("-")[2])

    def size(self, prepared: str) -> int:
        return 1_000 * self.cost(prepared)

    def handle(self, batch: Sequence[str]) -> Sequence[Answer | Exception]:
        self.entered.set()
        self.gate.wait(10)
        self.batches.append(list(batch))
        if "unavailable-1" in batch:
            raise TransientError("storage is unavailable")
        if "poison-1" in batch:
            raise ZeroDivisionError("a bug")
        return [Answer(log={"post": post}) for post in batch]


def make_job(post_id: str, priority: int = 0, value: bytes | None = None) -> Job:
    now = datetime.now(UTC)
    media = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
    body = PostCreated(post_id=post_id, author_id="a", media=(media,), created_at=now)
    message = encode(body, id=post_id, source="test", key=post_id, time=now)
    record = Record(message.topic, message.key, value or message.value, message.headers)
    return Job(POSTS_CREATED, record, 0, 0, 0, Tries(), priority, OffsetTracker())


@contextmanager
def running_stages(consumer: CostConsumer, batch_cost: int = 32) -> Iterator[Stages[str]]:
    stages = Stages(consumer, threads=1, batch_size=4, batch_cost=batch_cost, batch_wait=0.05)
    try:
        yield stages
    finally:
        consumer.gate.set()
        stages.close()


def run(consumer: CostConsumer, jobs: Sequence[Job], batch_cost: int = 32) -> list[tuple[Job, Outcome]]:
    """Return the outcomes of ``jobs``, which are all prepared before the first of them is handled."""
    first, marker = make_job("first-1"), make_job("marker-1", value=b"{not an event")
    with running_stages(consumer, batch_cost) as stages:
        stages.submit(first)
        assert consumer.entered.wait(10)  # a batch of its own that blocks the compute thread
        for job in (*jobs, marker):
            stages.submit(job)
        finished: list[tuple[Job, Outcome]] = []
        _until(
            lambda: _take(stages, finished) and finished[-1][0] is marker
        )  # the preparing thread has reached the marker
        consumer.gate.set()
        _until(lambda: _take(stages, finished) == len(jobs) + 2)
    return [(job, outcome) for job, outcome in finished if job not in (first, marker)]


def _take(stages: Stages[str], finished: list[tuple[Job, Outcome]]) -> int:
    finished += stages.finished()
    return len(finished)


def test_batch_size_is_limited() -> None:
    consumer = CostConsumer()
    run(consumer, [make_job(f"{name}-1") for name in "abcdef"])
    assert consumer.batches[1:] == [["a-1", "b-1", "c-1", "d-1"], ["e-1", "f-1"]]


def test_job_that_exceeds_the_maximum_cost_starts_the_next_batch() -> None:
    consumer = CostConsumer()
    run(consumer, [make_job("a-20"), make_job("b-20"), make_job("giant-99")])
    assert consumer.batches[1:] == [["a-20"], ["b-20"], ["giant-99"]]


def test_cheap_jobs_overtake_a_costly_one_but_only_as_many_as_its_cost() -> None:
    consumer = CostConsumer()
    run(consumer, [make_job("video-5"), *(make_job(f"{name}-1") for name in "abcdefgh")])
    assert consumer.batches[1:] == [["a-1", "b-1", "c-1", "video-5"], ["d-1", "e-1", "f-1", "g-1"], ["h-1"]]


def test_prepared_bytes_are_counted_until_the_job_is_handled() -> None:
    consumer = CostConsumer()
    with running_stages(consumer) as stages:
        stages.submit(make_job("a-7"))
        assert consumer.entered.wait(10)
        assert stages.prepared_bytes == 7_000
        consumer.gate.set()
        _until(stages.finished)
        assert stages.prepared_bytes == 0


def test_jobs_are_handled_by_priority() -> None:
    consumer = CostConsumer()
    run(
        consumer,
        [make_job("replay-1", priority=2), make_job("report-1", priority=1), make_job("post-1", priority=0)],
    )
    assert consumer.batches[1:] == [["post-1", "report-1", "replay-1"]]


@pytest.mark.parametrize(
    ("failing", "calls"),
    [
        ("unavailable-1", [["a-1", "unavailable-1", "b-1"]]),
        ("poison-1", [["a-1", "poison-1", "b-1"], ["a-1"], ["poison-1"], ["b-1"]]),
    ],
)
def test_failed_batch_is_handled_event_by_event_unless_a_service_is_unavailable(
    failing: str, calls: list[list[str]]
) -> None:
    consumer = CostConsumer()
    outcomes = {
        job.event.id: outcome
        for job, outcome in run(consumer, [make_job("a-1"), make_job(failing), make_job("b-1")])
        if job.event
    }
    assert consumer.batches[1:] == calls
    assert isinstance(outcomes[failing], Exception)
    assert isinstance(outcomes["a-1"], Exception if failing == "unavailable-1" else Answer)


def test_record_that_is_not_an_event_is_unreadable() -> None:
    ((_, outcome),) = run(CostConsumer(), [make_job("x-1", value=b"{not json")])
    assert isinstance(outcome, UnreadableEventError)


def _until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.02)
    pytest.fail("the condition was not met within 10 s")
