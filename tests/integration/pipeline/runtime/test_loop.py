"""The loop on a real broker: order, retries, dead letters, offsets, rebalance and a clean stop."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import TopicPartition

from infra.topics import declare_topics
from pipeline.errors import TransientError
from pipeline.runtime.consumer import Answer, Priority, Subscription
from pipeline.runtime.dead_letters import parse
from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer, record_of
from pipeline.runtime.loop import Loop, LoopSettings
from pipeline.settings import RetrySettings
from schemas.envelope import Event, Message, Record, encode
from schemas.errors import DeadLetterReason
from schemas.posts import Media, PostCreated
from schemas.topics import DEAD_LETTERS, MAX_EVENT_BYTES, Topic

RETRY = RetrySettings(first_delay_seconds=0.2, max_delay_seconds=1.0, attempts=3)
WAIT_SECONDS = 30.0


class Echo:
    """Answers each event with one message on another topic; ``misbehave`` may raise for an event."""

    name = "echo"

    def __init__(self, subscriptions: Sequence[Subscription], answers: Topic) -> None:
        self.subscriptions = subscriptions
        self.answers = answers
        self.handled: list[str] = []
        self.misbehave: Callable[[str, int], None] = lambda post_id, attempt: None
        self.gate = threading.Event()
        self.gate.set()

    def prepare(self, event: Event, attempt: int) -> str:
        assert isinstance(event.body, PostCreated)
        self.misbehave(event.body.post_id, attempt)
        return event.body.post_id

    def cost(self, prepared: str) -> int:
        return 1

    def size(self, prepared: str) -> int:
        return 0

    def handle(self, batch: Sequence[str]) -> Sequence[Answer | Exception]:
        self.gate.wait()
        self.handled += batch
        return [Answer((Message(self.answers.name, post.encode(), b"{}", ()),)) for post in batch]


def post(post_id: str) -> Message:
    media = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
    now = datetime.now(UTC)
    body = PostCreated(post_id=post_id, author_id="a", media=(media,), created_at=now)
    return encode(body, id=f"event-of-{post_id}", source="test", key=post_id, time=now)


class Bench:
    """Topics of one test, and the means to fill and read them."""

    def __init__(self, bootstrap: str) -> None:
        run = uuid4().hex[:8]
        self.bootstrap = bootstrap
        self.posts = Topic(f"test-{run}-posts", PostCreated, "", partitions=3)
        self.replays = Topic(f"test-{run}-replays", PostCreated, "", partitions=3)
        self.answers = Topic(f"test-{run}-answers", None, "", partitions=1)
        self.group = f"test-{run}"
        retries = [Topic(topic.retry, PostCreated, "", partitions=3) for topic in (self.posts, self.replays)]
        declare_topics(bootstrap, (self.posts, self.replays, self.answers, *retries))
        self.producer = make_producer(bootstrap, "test")

    def publish(self, topic: Topic, *records: Record) -> None:
        for record in records:
            self.producer.produce(topic.name, record.value, record.key, headers=list(record.headers))
        assert self.producer.flush(10) == 0

    def echo(self) -> Echo:
        return Echo(
            (Subscription(self.posts), Subscription(self.replays, Priority.REPLAY)),
            self.answers,
        )

    @contextmanager
    def running(self, echo: Echo, **settings: float) -> Iterator[Loop[str]]:
        loop: Loop[str] = Loop(
            echo,
            make_consumer(self.bootstrap, self.group),
            RecordPublisher(make_producer(self.bootstrap, "test-loop")),
            settings=LoopSettings(**settings),  # type: ignore[arg-type]
            retry=RETRY,
        )
        thread = threading.Thread(target=loop.run)
        thread.start()
        try:
            yield loop
        finally:
            echo.gate.set()
            loop.stop()
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()

    def read(self, topic: Topic, wanted: Callable[[list[Record]], bool]) -> list[Record]:
        """Records of ``topic`` from its beginning, until they are what is wanted."""
        consumer = KafkaConsumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.group}-reader"})
        consumer.assign([TopicPartition(topic.name, number, 0) for number in range(topic.partitions)])
        records: list[Record] = []
        deadline = time.monotonic() + WAIT_SECONDS
        while not wanted(records) and time.monotonic() < deadline:
            read = consumer.poll(0.2)
            if read is not None and read.error() is None:
                records.append(record_of(read))
        consumer.close()
        assert wanted(records), f"{len(records)} records on {topic.name} after {WAIT_SECONDS} s"
        return records

    def answered(self, count: int) -> list[str]:
        return [(record.key or b"").decode() for record in self.read(self.answers, lambda r: len(r) >= count)]

    def buried(self, *keys: str) -> list[Record]:
        def all_there(records: list[Record]) -> bool:
            return {key.encode() for key in keys} <= {record.key for record in records}

        return [r for r in self.read(DEAD_LETTERS, all_there) if r.key in {key.encode() for key in keys}]

    def committed(self) -> int:
        """Records of the posts topic that the group has committed."""
        consumer = KafkaConsumer({"bootstrap.servers": self.bootstrap, "group.id": self.group})
        parts = [TopicPartition(self.posts.name, number) for number in range(self.posts.partitions)]
        places = consumer.committed(parts, timeout=10)
        consumer.close()
        return sum(max(place.offset, 0) for place in places)


@pytest.fixture
def bench(kafka_bootstrap: str) -> Bench:
    return Bench(kafka_bootstrap)


def test_each_event_is_answered_once_and_its_offset_committed(bench: Bench) -> None:
    posts = [f"p{number}" for number in range(100)]
    bench.publish(bench.posts, *map(post, posts))

    with bench.running(bench.echo()):
        answered = bench.answered(len(posts))

    assert sorted(answered) == sorted(posts)
    assert bench.committed() == len(posts)


def test_a_transient_failure_is_tried_until_it_is_over_and_nothing_waits_behind_it(bench: Bench) -> None:
    echo = bench.echo()
    tries: list[int] = []

    def storage_is_away(post_id: str, attempt: int) -> None:
        if post_id == "unlucky":
            tries.append(attempt)
            if attempt <= RETRY.attempts + 1:  # more tries than a failure of ours would get
                raise TransientError("storage is away")

    echo.misbehave = storage_is_away
    bench.publish(bench.posts, post("unlucky"), *(post(f"p{number}") for number in range(20)))

    with bench.running(echo):
        answered = bench.answered(21)

    assert answered[-1] == "unlucky"
    assert tries == [1, 2, 3, 4, 5]


def test_an_unknown_failure_is_tried_three_times_and_then_buried_with_its_bytes(bench: Bench) -> None:
    echo = bench.echo()
    tries: list[int] = []

    def fail(post_id: str, attempt: int) -> None:
        if post_id.startswith("poison"):
            tries.append(attempt)
            raise ZeroDivisionError("a fault of ours")

    echo.misbehave = fail
    poison = f"poison-{uuid4().hex}"
    sent = post(poison)
    bench.publish(bench.posts, sent, post("fine"))

    with bench.running(echo):
        (letter,) = bench.buried(poison)
        assert bench.answered(1) == ["fine"]

    buried = parse(letter)
    assert tries == [1, 2, 3]
    assert buried.reason is DeadLetterReason.HANDLER_FAILED
    assert buried.detail == "ZeroDivisionError: a fault of ours"
    assert buried.attempts == 3
    assert buried.record.value == sent.value
    assert set(sent.headers) <= set(buried.record.headers)


def test_one_event_that_breaks_its_batch_fails_alone(bench: Bench) -> None:
    echo = bench.echo()
    handle = echo.handle

    def handle_all_but_poison(batch: Sequence[str]) -> Sequence[Answer | Exception]:
        if any(name.startswith("poison") for name in batch):
            raise ZeroDivisionError("the whole batch")
        return handle(batch)

    echo.handle = handle_all_but_poison  # type: ignore[method-assign]
    poison = f"poison-{uuid4().hex}"
    bench.publish(bench.posts, post(poison), *(post(f"p{number}") for number in range(10)))

    with bench.running(echo):
        assert sorted(bench.answered(10)) == sorted(f"p{number}" for number in range(10))
        assert len(bench.buried(poison)) == 1


def bad(name: str) -> tuple[Record, DeadLetterReason]:
    """A record that is no event of ours, and why."""
    good = post("x")
    headers = dict(good.headers)
    key = f"bad-{name}-{uuid4().hex}".encode()
    value: bytes | None = good.value
    reason = DeadLetterReason.WRONG_SCHEMA
    match name:
        case "not JSON":
            value, reason = b"\xff{not json", DeadLetterReason.NOT_JSON
        case "wrong schema":
            value = b'{"post_id": "p", "media": []}'
        case "no body":
            value, reason = None, DeadLetterReason.NOT_JSON
        case "unknown version":
            headers["ce_type"], reason = b"fakeme.posts.created.v99", DeadLetterReason.UNKNOWN_VERSION
        case "unknown type":
            headers["ce_type"], reason = b"com.example.cat", DeadLetterReason.UNKNOWN_TYPE
        case "missing headers":
            headers, reason = {"content-type": b"application/json"}, DeadLetterReason.MISSING_HEADERS
        case "oversize":
            value, reason = b'"' + b"x" * MAX_EVENT_BYTES + b'"', DeadLetterReason.OVERSIZE
    return Record("", key, value, tuple(headers.items())), reason


@pytest.mark.parametrize(
    "name",
    ["not JSON", "wrong schema", "no body", "unknown version", "unknown type", "missing headers", "oversize"],
)
def test_a_record_that_is_no_event_is_buried_as_it_came(bench: Bench, name: str) -> None:
    record, reason = bad(name)
    bench.publish(bench.posts, record)

    with bench.running(bench.echo()):
        (letter,) = bench.buried((record.key or b"").decode())

    buried = parse(letter)
    assert buried.reason is reason
    assert (buried.record.key, buried.record.value) == (record.key, record.value)
    assert buried.record.headers == record.headers
    assert buried.record.topic == bench.posts.name
    assert bench.committed() == 1


def test_an_interactive_post_overtakes_replays_that_wait(bench: Bench) -> None:
    echo = bench.echo()
    echo.gate.clear()
    bench.publish(bench.replays, *(post(f"r{number}") for number in range(60)))

    with bench.running(echo, batch_size=1, threads=1) as loop:
        _until(lambda: loop.ready and loop.unfinished >= 60)
        bench.publish(bench.posts, post("now"))
        _until(lambda: loop.unfinished >= 61)
        echo.gate.set()
        bench.answered(61)

    # Under way already: one in each stage and what was prepared; not the 57 that waited.
    assert echo.handled.index("now") <= LoopSettings(batch_size=1, threads=1).max_in_flight


def test_two_members_share_the_work_and_a_leaving_one_hands_over_cleanly(bench: Bench) -> None:
    posts = [f"p{number}" for number in range(300)]
    first, second = bench.echo(), bench.echo()

    with bench.running(first):
        bench.publish(bench.posts, *map(post, posts[:100]))
        with bench.running(second) as joined:
            _until(lambda: joined.ready)
            bench.publish(bench.posts, *map(post, posts[100:200]))
            bench.answered(200)
        bench.publish(bench.posts, *map(post, posts[200:]))
        answered = bench.answered(300)

    assert sorted(answered) == sorted(posts)
    assert bench.committed() == 300


def test_a_stop_finishes_what_is_under_way_and_leaves_the_rest_for_the_next(bench: Bench) -> None:
    posts = [f"p{number}" for number in range(50)]
    bench.publish(bench.posts, *map(post, posts))
    first = bench.echo()
    first.gate.clear()

    with bench.running(first, threads=1, batch_size=2) as loop:
        _until(lambda: loop.unfinished == 50)
    handled = list(first.handled)

    assert 0 < len(handled) < 50
    with bench.running(bench.echo()):
        answered = bench.answered(50)
    assert sorted(answered) == sorted(posts)  # none missing, and none answered twice


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        threading.Event().wait(0.02)
