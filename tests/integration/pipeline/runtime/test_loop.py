"""The loop on a real broker: order, retries, dead letters, offsets, rebalance and shutdown."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import TopicPartition
from prometheus_client import REGISTRY

from infra.topics import declare_topics
from pipeline.errors import TransientError
from pipeline.runtime.consumer import Answer, Priority, Subscription
from pipeline.runtime.dead_letters import parse
from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer, record_of
from pipeline.runtime.loop import READ_RECORDS, Loop, LoopError, LoopSettings
from pipeline.settings import RetrySettings
from schemas.envelope import Event, Message, Record, encode
from schemas.errors import DeadLetterReason
from schemas.posts import Media, PostCreated
from schemas.topics import DEAD_LETTERS, MAX_EVENT_BYTES, Topic, retry_topic

RETRY = RetrySettings(first_delay_seconds=0.2, max_delay_seconds=1.0, attempts=3)
TIMEOUT_SECONDS = 30.0
WORKERS = ("echo", "other")  # each with a consumer group of its own


class EchoConsumer:
    """Answers each event with one message on another topic. ``before_prepare`` may raise for an event."""

    def __init__(self, subscriptions: Sequence[Subscription], answers: Topic, name: str) -> None:
        self.name = name
        self.subscriptions = subscriptions
        self.answers = answers
        self.handled: list[str] = []
        self.before_prepare: Callable[[str, int], None] = lambda post_id, attempt: None
        self.gate = threading.Event()
        self.gate.set()
        self.alive = True

    def prepare(self, event: Event, attempt: int) -> str:
        assert isinstance(event.body, PostCreated)
        self.before_prepare(event.body.post_id, attempt)
        return event.body.post_id

    def handle(self, batch: Sequence[str]) -> Sequence[Answer | Exception]:
        self.gate.wait()
        self.handled += batch
        return [Answer((Message(self.answers.name, post.encode(), b"{}", ()),)) for post in batch]


def post_created(post_id: str) -> Message:
    media = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")
    now = datetime.now(UTC)
    body = PostCreated(post_id=post_id, author_id="a", media=(media,), created_at=now)
    return encode(body, id=f"event-{post_id}", source="test", key=post_id, time=now)


class Topics:
    """The topics of one test, with methods to publish and read records and to run a loop."""

    def __init__(self, bootstrap: str) -> None:
        run = uuid4().hex[:8]
        self.bootstrap = bootstrap
        self.posts = Topic(f"test-{run}-posts", PostCreated, "", partitions=3)
        self.replays = Topic(f"test-{run}-replays", PostCreated, "", partitions=3)
        self.answers = Topic(f"test-{run}-answers", None, "", partitions=1)
        self.group = f"test-{run}"
        originals = (self.posts, self.replays)
        retries = [retry_topic(topic, worker) for topic in originals for worker in WORKERS]
        declare_topics(bootstrap, (*originals, self.answers, *retries))
        self.producer = make_producer(bootstrap, "test")

    def publish(self, topic: Topic, *records: Record) -> None:
        for record in records:
            self.producer.produce(topic.name, record.value, record.key, headers=list(record.headers))
        assert self.producer.flush(10) == 0

    def echo_consumer(self, name: str = "echo") -> EchoConsumer:
        return EchoConsumer(
            (Subscription(self.posts), Subscription(self.replays, Priority.REPLAY)),
            self.answers,
            name,
        )

    def loop(self, consumer: EchoConsumer, **settings: float) -> Loop[str]:
        return Loop(
            consumer,
            make_consumer(self.bootstrap, f"{self.group}-{consumer.name}"),
            RecordPublisher(make_producer(self.bootstrap, "test-loop")),
            settings=LoopSettings(**settings),  # type: ignore[arg-type]
            retry=RETRY,
        )

    @contextmanager
    def running(self, consumer: EchoConsumer, **settings: float) -> Iterator[Loop[str]]:
        loop = self.loop(consumer, **settings)
        thread = threading.Thread(target=loop.run)
        thread.start()
        try:
            yield loop
        finally:
            consumer.gate.set()
            loop.stop()
            thread.join(TIMEOUT_SECONDS)
            assert not thread.is_alive()

    def read(self, topic: Topic, complete: Callable[[list[Record]], bool]) -> list[Record]:
        """Read ``topic`` from its beginning until ``complete`` is true for the records."""
        consumer = KafkaConsumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.group}-reader"})
        consumer.assign([TopicPartition(topic.name, number, 0) for number in range(topic.partitions)])
        records: list[Record] = []
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not complete(records) and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                records.append(record_of(message))
        consumer.close()
        assert complete(records), f"{len(records)} records on {topic.name} after {TIMEOUT_SECONDS} s"
        return records

    def answered(self, count: int) -> list[str]:
        return [
            (record.key or b"").decode()
            for record in self.read(self.answers, lambda records: len(records) >= count)
        ]

    def dead_letters(self, *keys: str) -> list[Record]:
        def all_present(records: list[Record]) -> bool:
            return {key.encode() for key in keys} <= {record.key for record in records}

        letters = self.read(DEAD_LETTERS, all_present)
        return [letter for letter in letters if letter.key in {key.encode() for key in keys}]

    def count(self, topic: Topic) -> int:
        """Return how many records were ever written to ``topic``."""
        consumer = KafkaConsumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.group}-count"})
        parts = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        ends = [consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts]
        consumer.close()
        return sum(ends)

    def committed(self) -> int:
        """Return how many records of the posts topic the group has committed."""
        consumer = KafkaConsumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.group}-echo"})
        parts = [TopicPartition(self.posts.name, number) for number in range(self.posts.partitions)]
        positions = consumer.committed(parts, timeout=10)
        consumer.close()
        return sum(max(position.offset, 0) for position in positions)


@pytest.fixture
def topics(kafka_bootstrap: str) -> Topics:
    return Topics(kafka_bootstrap)


def test_each_event_is_answered_once_and_its_offset_committed(topics: Topics) -> None:
    posts = [f"p{number}" for number in range(100)]
    topics.publish(topics.posts, *map(post_created, posts))

    with topics.running(topics.echo_consumer()):
        answered = topics.answered(len(posts))

    assert sorted(answered) == sorted(posts)
    assert topics.committed() == len(posts)


def test_transient_failure_is_retried_until_it_ends_and_blocks_no_other_event(topics: Topics) -> None:
    consumer = topics.echo_consumer()
    attempts: list[int] = []

    def fail_while_storage_is_unavailable(post_id: str, attempt: int) -> None:
        if post_id == "failing":
            attempts.append(attempt)
            if len(attempts) <= RETRY.attempts + 1:  # more tries than another failure gets
                raise TransientError("storage is unavailable")

    consumer.before_prepare = fail_while_storage_is_unavailable
    topics.publish(
        topics.posts, post_created("failing"), *(post_created(f"p{number}") for number in range(20))
    )

    with topics.running(consumer):
        answered = topics.answered(21)

    assert answered[-1] == "failing"
    assert attempts == [1] * 5  # tries during an outage are no attempts


def test_an_outage_does_not_multiply_an_event_that_two_groups_read(topics: Topics) -> None:
    consumers = [topics.echo_consumer(name) for name in WORKERS]
    attempts: dict[str, int] = dict.fromkeys(WORKERS, 0)

    def fail_for(name: str) -> Callable[[str, int], None]:
        def fail(post_id: str, attempt: int) -> None:
            attempts[name] += 1
            raise TransientError("storage is unavailable")

        return fail

    for consumer in consumers:
        consumer.before_prepare = fail_for(consumer.name)
    topics.publish(topics.posts, post_created("reported"))

    with topics.running(consumers[0]), topics.running(consumers[1]):
        _until(lambda: min(attempts.values()) >= 6)

    for name in WORKERS:
        assert topics.count(retry_topic(topics.posts, name)) <= attempts[name]


def test_event_on_the_shared_retry_topic_of_release_0_1_is_answered(topics: Topics) -> None:
    shared = Topic(topics.posts.shared_retry, PostCreated, "", partitions=3)
    declare_topics(topics.bootstrap, [shared])
    topics.publish(shared, post_created("waiting"))

    with topics.running(topics.echo_consumer()):
        assert topics.answered(1) == ["waiting"]


def test_unknown_failure_is_tried_three_times_and_then_becomes_a_dead_letter(topics: Topics) -> None:
    consumer = topics.echo_consumer()
    attempts: list[int] = []

    def fail(post_id: str, attempt: int) -> None:
        if post_id.startswith("poison"):
            attempts.append(attempt)
            raise ZeroDivisionError("a bug")

    consumer.before_prepare = fail
    poison = f"poison-{uuid4().hex}"
    sent = post_created(poison)
    topics.publish(topics.posts, sent, post_created("fine"))

    with topics.running(consumer):
        (letter,) = topics.dead_letters(poison)
        assert topics.answered(1) == ["fine"]

    dead_letter = parse(letter)
    assert attempts == [1, 2, 3]
    assert dead_letter.reason is DeadLetterReason.HANDLER_FAILED
    assert dead_letter.detail == "ZeroDivisionError: a bug"
    assert dead_letter.attempts == 3
    assert dead_letter.record.value == sent.value
    assert set(sent.headers) <= set(dead_letter.record.headers)


def test_outage_of_an_unknown_kind_pauses_consumption_and_buries_nothing(topics: Topics) -> None:
    consumer = topics.echo_consumer()
    tries: list[str] = []
    over = threading.Event()

    def fail_for_every_event(post_id: str, attempt: int) -> None:
        tries.append(post_id)
        if not over.is_set():
            raise ZeroDivisionError("nobody has named this outage")

    consumer.before_prepare = fail_for_every_event
    posts = [f"outage-{uuid4().hex}" for number in range(100)]
    topics.publish(topics.posts, *map(post_created, posts))

    with topics.running(consumer) as loop:
        _until(lambda: paused("echo") == 1)
        assert loop.alive
        assert not loop.ready
        started = len(tries)
        _until(lambda: len(tries) >= started + 5)  # probes, one after the other
        assert len(tries) < started + 100
        over.set()
        answered = topics.answered(len(posts))
        _until(lambda: loop.ready and paused("echo") == 0)

    assert sorted(answered) == sorted(posts)


def test_lost_accelerator_ends_the_worker_without_burying_events(topics: Topics) -> None:
    consumer = topics.echo_consumer()

    def lose_accelerator(post_id: str, attempt: int) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    consumer.before_prepare = lose_accelerator
    topics.publish(topics.posts, *(post_created(f"p{number}") for number in range(20)))

    with pytest.raises(LoopError, match="must be restarted: CUDA error"):
        topics.loop(consumer).run()

    with topics.running(topics.echo_consumer()):
        assert len(topics.answered(20)) == 20
    assert topics.count(retry_topic(topics.posts, "echo")) == 0


def test_event_that_makes_its_batch_fail_fails_alone(topics: Topics) -> None:
    consumer = topics.echo_consumer()
    handle = consumer.handle

    def handle_all_but_poison(batch: Sequence[str]) -> Sequence[Answer | Exception]:
        if any(name.startswith("poison") for name in batch):
            raise ZeroDivisionError("the whole batch")
        return handle(batch)

    consumer.handle = handle_all_but_poison  # type: ignore[method-assign]
    poison = f"poison-{uuid4().hex}"
    topics.publish(topics.posts, post_created(poison), *(post_created(f"p{number}") for number in range(10)))

    with topics.running(consumer):
        assert sorted(topics.answered(10)) == sorted(f"p{number}" for number in range(10))
        assert len(topics.dead_letters(poison)) == 1


def unreadable_record(name: str) -> tuple[Record, DeadLetterReason]:
    """Return a record that is not a valid event, and the expected reason."""
    valid = post_created("x")
    headers = dict(valid.headers)
    key = f"unreadable-{name}-{uuid4().hex}".encode()
    value: bytes | None = valid.value
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
def test_unreadable_record_becomes_a_dead_letter_with_its_bytes(topics: Topics, name: str) -> None:
    record, reason = unreadable_record(name)
    topics.publish(topics.posts, record)

    with topics.running(topics.echo_consumer()):
        (letter,) = topics.dead_letters((record.key or b"").decode())

    dead_letter = parse(letter)
    assert dead_letter.reason is reason
    assert (dead_letter.record.key, dead_letter.record.value) == (record.key, record.value)
    assert dead_letter.record.headers == record.headers
    assert dead_letter.record.topic == topics.posts.name
    assert topics.committed() == 1


def test_interactive_post_overtakes_waiting_replays(topics: Topics) -> None:
    consumer = topics.echo_consumer()
    consumer.gate.clear()
    topics.publish(topics.replays, *(post_created(f"r{number}") for number in range(60)))

    with topics.running(consumer, batch_size=1, threads=1) as loop:
        _until(lambda: loop.ready and loop.unfinished >= 60)
        topics.publish(topics.posts, post_created("now"))
        _until(lambda: loop.unfinished >= 61)
        consumer.gate.set()
        topics.answered(61)

    # Only jobs that were already in the stages come first, not the replays that waited in the schedule.
    assert consumer.handled.index("now") <= LoopSettings(batch_size=1, threads=1).max_in_flight


def test_members_share_the_work_and_one_that_leaves_hands_over_without_loss_or_repetition(
    topics: Topics,
) -> None:
    posts = [f"p{number}" for number in range(300)]
    first, second = topics.echo_consumer(), topics.echo_consumer()

    with topics.running(first):
        topics.publish(topics.posts, *map(post_created, posts[:100]))
        with topics.running(second) as second_loop:
            _until(lambda: second_loop.ready)
            topics.publish(topics.posts, *map(post_created, posts[100:200]))
            topics.answered(200)
        topics.publish(topics.posts, *map(post_created, posts[200:]))
        answered = topics.answered(300)

    assert sorted(answered) == sorted(posts)
    assert topics.committed() == 300


def test_partitions_gained_in_a_rebalance_are_paused_with_their_topic(topics: Topics) -> None:
    consumers = [topics.echo_consumer() for _ in range(3)]
    for consumer in consumers:
        consumer.gate.clear()
    limits = {"max_unfinished_posts": 100, "revoke_timeout": 0.5, "stop_timeout": 0.5}

    with ExitStack() as stack:
        loops = [stack.enter_context(topics.running(consumer, **limits)) for consumer in consumers]

        def readers() -> list[Loop[str]]:
            return [loop for loop in loops if partitions_of(loop, topics.posts)]

        _until(lambda: len(readers()) > 1 and sum(partitions_of(loop, topics.posts) for loop in loops) == 3)
        topics.publish(topics.posts, *(post_created(f"p{number}") for number in range(10_000)))
        _until(lambda: all(loop.unfinished >= 100 for loop in readers()))

        leaving = readers()[0]
        leaving.stop()
        staying = [loop for loop in loops if loop is not leaving]
        _until(lambda: sum(partitions_of(loop, topics.posts) for loop in staying) == 3)
        threading.Event().wait(2.0)  # nothing to wait for: what must not happen is that more is read

        assert all(loop.unfinished <= 100 + 2 * READ_RECORDS for loop in staying)
        assert sum(loop.unfinished for loop in staying) >= 100


def test_partitions_that_come_back_after_a_pause_are_read(topics: Topics) -> None:
    first, second = topics.echo_consumer(), topics.echo_consumer()
    for consumer in (first, second):
        consumer.gate.clear()
    topics.publish(topics.posts, *(post_created(f"p{number}") for number in range(1_000)))
    limits = {"max_unfinished_posts": 100, "revoke_timeout": 0.5, "stop_timeout": 0.5}

    with topics.running(first, **limits) as loop:
        _until(lambda: loop.unfinished >= 100)
        with topics.running(second, **limits) as second_loop:
            _until(lambda: second_loop.unfinished >= 100)
        _until(lambda: partitions_of(loop, topics.posts) == 3)

        _until(lambda: loop.unfinished >= 100)


def test_reports_of_a_viral_post_do_not_hold_back_other_posts(topics: Topics) -> None:
    consumer = topics.echo_consumer()
    finished: list[str] = []

    def take_a_moment(post_id: str, attempt: int) -> None:
        threading.Event().wait(0.005)
        finished.append(post_id)

    consumer.before_prepare = take_a_moment
    viral = post_created("viral")
    others = [f"other{number}" for number in range(8)]
    topics.publish(topics.posts, *[viral] * 600, *map(post_created, others))

    with topics.running(consumer):
        _until(lambda: set(others) <= set(finished))
        waited_for = finished.count("viral")
        answered = topics.answered(608)

    assert waited_for < 300
    assert answered.count("viral") == 600


def test_stop_finishes_the_work_in_progress_and_leaves_the_rest_to_the_next_member(topics: Topics) -> None:
    posts = [f"p{number}" for number in range(50)]
    topics.publish(topics.posts, *map(post_created, posts))
    first = topics.echo_consumer()
    first.gate.clear()

    with topics.running(first, threads=1, batch_size=2) as loop:
        _until(lambda: loop.unfinished == 50)
    handled = list(first.handled)

    assert 0 < len(handled) < 50
    with topics.running(topics.echo_consumer()):
        answered = topics.answered(50)
    assert sorted(answered) == sorted(posts)  # none missing, and none answered twice


def partitions_of(loop: Loop[str], topic: Topic) -> int:
    return len(loop._partitions.of_topic(topic.name))


def paused(worker: str) -> float | None:
    return REGISTRY.get_sample_value("fakeme_consumption_paused", {"worker": worker})


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        threading.Event().wait(0.02)
