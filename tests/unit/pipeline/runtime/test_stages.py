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
from pipeline.runtime.stages import OVERTAKING, Job, Outcome, Stages
from schemas.envelope import Event, Record, encode
from schemas.errors import UnreadableEventError
from schemas.posts import Media, PostCreated
from schemas.topics import POSTS_CREATED


class RecordingConsumer:
    """A consumer that records its batches. Posts named poison, unavailable or hung fail in this way."""

    name = "recording"
    subscriptions = ()
    alive = True

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.entered = threading.Event()

    def prepare(self, event: Event, attempt: int) -> str:
        assert isinstance(event.body, PostCreated)
        if event.body.post_id == "hung":
            self.entered.set()
            self.gate.wait(10)
        return event.body.post_id

    def handle(self, batch: Sequence[str]) -> Sequence[Answer | Exception]:
        self.entered.set()
        self.gate.wait(10)
        self.batches.append(list(batch))
        if "unavailable" in batch:
            raise TransientError("storage is unavailable")
        if "poison" in batch:
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
def running_stages(
    consumer: RecordingConsumer, *, limit: float = 60.0, threads: int = 1
) -> Iterator[Stages[str]]:
    stages = Stages(
        consumer,
        threads=threads,
        batch_size=4,
        batch_wait=0.05,
        prepare_seconds=limit,
        handle_seconds=limit,
    )
    try:
        yield stages
    finally:
        consumer.gate.set()
        stages.close()


def run(consumer: RecordingConsumer, jobs: Sequence[Job]) -> list[tuple[Job, Outcome]]:
    """Return the outcomes of ``jobs``, which are all prepared before the first of them is handled."""
    first, marker = make_job("first"), make_job("marker", value=b"{not an event")
    with running_stages(consumer) as stages:
        stages.submit([first])
        assert consumer.entered.wait(10)  # a batch of its own that blocks the compute thread
        for job in (*jobs, marker):
            stages.submit([job])
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
    consumer = RecordingConsumer()
    run(consumer, [make_job(name) for name in "abcdef"])
    assert consumer.batches[1:] == [["a", "b", "c", "d"], ["e", "f"]]


def test_jobs_are_handled_by_priority() -> None:
    consumer = RecordingConsumer()
    run(
        consumer,
        [make_job("replay", priority=2), make_job("report", priority=1), make_job("post", priority=0)],
    )
    assert consumer.batches[1:] == [["post", "report", "replay"]]


@pytest.mark.parametrize(
    ("failing", "calls"),
    [
        ("unavailable", [["a", "unavailable", "b"]]),
        ("poison", [["a", "poison", "b"], ["a"], ["poison"], ["b"]]),
    ],
)
def test_failed_batch_is_handled_event_by_event_unless_a_service_is_unavailable(
    failing: str, calls: list[list[str]]
) -> None:
    consumer = RecordingConsumer()
    outcomes = {
        job.event.id: outcome
        for job, outcome in run(consumer, [make_job("a"), make_job(failing), make_job("b")])
        if job.event
    }
    assert consumer.batches[1:] == calls
    assert isinstance(outcomes[failing], Exception)
    assert isinstance(outcomes["a"], Exception if failing == "unavailable" else Answer)


def test_record_that_is_not_an_event_is_unreadable() -> None:
    ((_, outcome),) = run(RecordingConsumer(), [make_job("x", value=b"{not json")])
    assert isinstance(outcome, UnreadableEventError)


def test_events_that_are_submitted_together_are_answered_in_order() -> None:
    consumer = RecordingConsumer()
    consumer.gate.set()
    posts = [f"p{number}" for number in range(20)]
    finished: list[tuple[Job, Outcome]] = []

    with running_stages(consumer, threads=4) as stages:
        stages.submit([make_job(post) for post in posts])
        _until(lambda: _take(stages, finished) == len(posts))

    assert [job.event.id for job, _ in finished if job.event] == posts


def test_low_priority_is_overtaken_only_so_many_times() -> None:
    consumer = RecordingConsumer()
    run(consumer, [make_job("replay", priority=1), *(make_job(f"p{n}") for n in range(2 * OVERTAKING))])
    handled = [post for batch in consumer.batches[1:] for post in batch]
    assert OVERTAKING - 2 <= handled.index("replay") <= OVERTAKING


@pytest.mark.parametrize("post", ["hung", "slow-batch"])
def test_call_that_exceeds_its_time_limit_is_noticed_until_it_returns(post: str) -> None:
    consumer = RecordingConsumer()
    with running_stages(consumer, limit=0.2) as stages:
        stages.submit([make_job(post)])
        assert consumer.entered.wait(10)
        _until(lambda: stages.overdue)
        assert stages.running
        consumer.gate.set()
        _until(lambda: not stages.overdue)


def _until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.02)
    pytest.fail("the condition was not met within 10 s")
