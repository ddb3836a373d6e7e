"""The stages: what is batched together, who goes first, and what an exception becomes."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from pipeline.errors import TransientError
from pipeline.runtime.consumer import Answer
from pipeline.runtime.offsets import OffsetTracker
from pipeline.runtime.stages import Job, Outcome, Stages
from schemas.envelope import Event, Record, encode
from schemas.errors import UnreadableEventError
from schemas.posts import Media, PostCreated
from schemas.topics import POSTS_CREATED


class Weighing:
    """A consumer whose events weigh what their post id says; it notes its batches."""

    name = "weighing"
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
        if "away-1" in batch:
            raise TransientError("storage is away")
        if "poison-1" in batch:
            raise ZeroDivisionError("a fault of ours")
        return [Answer(log={"post": post}) for post in batch]


def job(post_id: str, priority: int = 0, value: bytes | None = None) -> Job:
    now = datetime.now(UTC)
    media = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
    body = PostCreated(post_id=post_id, author_id="a", media=(media,), created_at=now)
    message = encode(body, id=post_id, source="test", key=post_id, time=now)
    record = Record(message.topic, message.key, value or message.value, message.headers)
    return Job(POSTS_CREATED, record, 0, 0, 0, 1, priority, OffsetTracker())


@contextmanager
def stages(consumer: Weighing, batch_cost: int = 32) -> Iterator[Stages[str]]:
    made = Stages(consumer, threads=1, batch_size=4, batch_cost=batch_cost, batch_wait=0.05)
    try:
        yield made
    finally:
        consumer.gate.set()
        made.close()


def run(consumer: Weighing, jobs: Sequence[Job], batch_cost: int = 32) -> list[tuple[Job, Outcome]]:
    """The outcomes of ``jobs``, which are all prepared before the first of them is handled."""
    first, marker = job("first-1"), job("marker-1", value=b"{no event")
    with stages(consumer, batch_cost) as running:
        running.submit(first)
        assert consumer.entered.wait(10)  # it is a batch of its own, and holds up the others
        for one in (*jobs, marker):
            running.submit(one)
        ended: list[tuple[Job, Outcome]] = []
        _until(
            lambda: _take(running, ended) and ended[-1][0] is marker
        )  # the one thread has come to the marker
        consumer.gate.set()
        _until(lambda: _take(running, ended) == len(jobs) + 2)
    return [(one, outcome) for one, outcome in ended if one not in (first, marker)]


def _take(running: Stages[str], ended: list[tuple[Job, Outcome]]) -> int:
    ended += running.finished()
    return len(ended)


def test_a_batch_holds_so_many_events_at_most() -> None:
    consumer = Weighing()
    run(consumer, [job(f"{name}-1") for name in "abcdef"])
    assert consumer.batches[1:] == [["a-1", "b-1", "c-1", "d-1"], ["e-1", "f-1"]]


def test_what_is_too_heavy_begins_the_next_batch() -> None:
    consumer = Weighing()
    run(consumer, [job("a-20"), job("b-20"), job("giant-99")])
    assert consumer.batches[1:] == [["a-20"], ["b-20"], ["giant-99"]]


def test_pictures_pass_a_video_but_only_as_many_as_it_weighs() -> None:
    consumer = Weighing()
    run(consumer, [job("video-5"), *(job(f"{name}-1") for name in "abcdefgh")])
    assert consumer.batches[1:] == [["a-1", "b-1", "c-1", "video-5"], ["d-1", "e-1", "f-1", "g-1"], ["h-1"]]


def test_what_is_prepared_holds_memory_until_it_is_handled() -> None:
    consumer = Weighing()
    with stages(consumer) as running:
        running.submit(job("a-7"))
        assert consumer.entered.wait(10)
        assert running.prepared_bytes == 7_000
        consumer.gate.set()
        _until(running.finished)
        assert running.prepared_bytes == 0


def test_the_more_urgent_is_handled_first() -> None:
    consumer = Weighing()
    run(consumer, [job("replay-1", priority=2), job("report-1", priority=1), job("post-1", priority=0)])
    assert consumer.batches[1:] == [["post-1", "report-1", "replay-1"]]


@pytest.mark.parametrize(
    ("failing", "calls"),
    [
        ("away-1", [["a-1", "away-1", "b-1"]]),
        ("poison-1", [["a-1", "poison-1", "b-1"], ["a-1"], ["poison-1"], ["b-1"]]),
    ],
)
def test_a_batch_that_fails_is_tried_one_by_one_unless_something_is_away(
    failing: str, calls: list[list[str]]
) -> None:
    consumer = Weighing()
    outcomes = {
        one.event.id: outcome
        for one, outcome in run(consumer, [job("a-1"), job(failing), job("b-1")])
        if one.event
    }
    assert consumer.batches[1:] == calls
    assert isinstance(outcomes[failing], Exception)
    assert isinstance(outcomes["a-1"], Exception if failing == "away-1" else Answer)


def test_a_record_that_is_no_event_ends_as_unreadable() -> None:
    ((_, outcome),) = run(Weighing(), [job("x-1", value=b"{not json")])
    assert isinstance(outcome, UnreadableEventError)


def _until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.02)
    pytest.fail("the condition did not come true in 10 s")
