"""No record can raise in the loop's thread, whatever its key, value, headers and timestamp."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.runtime.consumer import Answer, Subscription
from pipeline.runtime.kafka import record_of
from pipeline.runtime.loop import Loop, LoopSettings
from pipeline.settings import RetrySettings
from schemas.envelope import Event
from schemas.topics import POSTS_REPORTED

TOPICS = [POSTS_REPORTED.name, POSTS_REPORTED.retry("echo"), POSTS_REPORTED.shared_retry]
NAMES = st.sampled_from(["fakeme-attempt", "fakeme-waits", "fakeme-due-ms", "fakeme-since-ms"]) | st.text()
DIGITS = st.integers(0, 6_000).map(lambda length: b"9" * length)
HEADERS = st.none() | st.lists(st.tuples(NAMES, st.none() | st.binary() | DIGITS), max_size=6)


class FakeMessage:
    """A message as the Kafka client returns it."""

    def __init__(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Any, time_ms: int
    ) -> None:
        self._parts = {"topic": topic, "key": key, "value": value, "headers": headers}
        self._time_ms = time_ms

    def __getattr__(self, name: str) -> Any:
        return lambda: self._parts[name]

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 7

    def timestamp(self) -> tuple[int, int]:
        return 1, self._time_ms


class BadNameMessage(FakeMessage):
    """A message with a header whose name is not UTF-8, as the Kafka client reports it."""

    def headers(self) -> Any:
        return b"\xff".decode()


class EchoConsumer:
    name = "echo"
    subscriptions = (Subscription(POSTS_REPORTED),)
    alive = True

    def prepare(self, event: Event, attempt: int) -> Event:
        return event

    def handle(self, batch: Sequence[Event]) -> Sequence[Answer | Exception]:
        return [Answer() for _ in batch]


LOOP: Any = Loop(
    EchoConsumer(),
    None,
    None,
    settings=LoopSettings(threads=1),
    retry=RetrySettings(),  # type: ignore[arg-type]
)


@given(
    st.sampled_from(TOPICS),
    st.none() | st.binary(),
    st.none() | st.binary(),
    HEADERS,
    st.integers(-(2**63), 2**63 - 1),
)
def test_any_record_becomes_a_job(
    topic: str, key: bytes | None, value: bytes | None, headers: Any, time_ms: int
) -> None:
    LOOP._partitions.drop([(topic, 0)])
    LOOP._partitions.assign([(topic, 0)])

    LOOP._enqueue(FakeMessage(topic, key, value, headers, time_ms))

    assert LOOP._partitions.unfinished(topic) == 1
    [job] = LOOP._schedule.drop(lambda _: True)
    assert (job.record.key, job.record.value) == (key, value)
    assert job.size >= len(value or b"")


def test_header_name_that_is_not_utf_8_leaves_a_record_without_headers() -> None:
    message: Any = BadNameMessage(TOPICS[0], b"p1", b"{}", None, 0)

    assert record_of(message).headers == ()
