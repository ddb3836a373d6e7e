"""A record is applied or sent to the dead-letter topic, never skipped. It is retried in place."""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from pipeline.consumers.tagging.handler import TaggingHandler
from pipeline.runtime.dead_letters import parse
from pipeline.runtime.failures import ReceivedRecord
from pipeline.runtime.pause import OutagePause
from pipeline.settings import ConsumptionSettings, RetrySettings
from schemas.envelope import Event, Record, encode
from schemas.errors import DeadLetterReason
from schemas.moderation import DecisionKind, DecisionMade
from storage.errors import DatabaseUnavailableError

RETRY = RetrySettings(first_delay_seconds=0.001, max_delay_seconds=0.002, attempts=3)
UNAVAILABLE = DatabaseUnavailableError("the database is not available")


def make_handler(
    apply: Callable[[Event], Mapping[str, object]],
    publish: Callable[[Record], Awaitable[None]],
    retry: RetrySettings = RETRY,
) -> TaggingHandler:
    pause = OutagePause("tagging", ConsumptionSettings(pause_events=2), retry)
    return TaggingHandler(apply=apply, publish=publish, pause=pause, retry=retry)


def received(value: bytes | None = None, offset: int = 7) -> ReceivedRecord:
    decision = DecisionMade(
        decision_id=UUID(int=1),
        case_id=UUID(int=2),
        post_id="post-1",
        decision=DecisionKind.DEEPFAKE,
        moderator="kim",
        decided_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    event = encode(decision, id="e1", source="test", key="post-1", time=decision.decided_at)
    record = Record(event.topic, event.key, value or event.value, event.headers)
    return ReceivedRecord(record, 4, offset, 1_795_402_800_000)


class FakeLedger:
    """Raises the given errors, one per call, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def apply(self, event: Event) -> Mapping[str, object]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"tag": "add"}


class FakeDeadLetterTopic:
    """Raises the given errors, one per call, and then keeps the dead letters."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.letters: list[Record] = []

    async def publish(self, letter: Record) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.letters.append(letter)


@pytest.mark.parametrize(
    ("errors", "calls", "reason"),
    [
        ([], 1, None),
        ([UNAVAILABLE] * 10, 11, None),  # retried without limit while a service is unavailable
        ([RuntimeError("a bug")] * 2, 3, None),
        ([RuntimeError("a bug")] * 3, 3, DeadLetterReason.HANDLER_FAILED),
    ],
)
async def test_number_of_attempts(
    errors: list[Exception], calls: int, reason: DeadLetterReason | None
) -> None:
    ledger, dead_letters = FakeLedger(*errors), FakeDeadLetterTopic()

    await make_handler(ledger.apply, dead_letters.publish).handle(received())

    assert ledger.calls == calls
    assert [parse(letter).reason for letter in dead_letters.letters] == ([reason] if reason else [])


async def test_waiting_for_a_full_disk_does_not_use_up_attempts() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    ledger = FakeLedger(*[full] * 10, RuntimeError("unknown"), RuntimeError("unknown"))
    dead_letters = FakeDeadLetterTopic()

    await make_handler(ledger.apply, dead_letters.publish).handle(received())

    assert ledger.calls == 13
    assert dead_letters.letters == []


async def test_an_outage_that_nobody_named_gives_up_one_event_and_then_waits() -> None:
    """Given an unknown fault that every event meets, the second event waits until it is over."""
    ledger = FakeLedger(*[RuntimeError("unknown")] * (3 + 20))
    dead_letters = FakeDeadLetterTopic()
    handler = make_handler(ledger.apply, dead_letters.publish)

    await handler.handle(received(offset=7))
    await handler.handle(received(offset=8))
    await handler.handle(received(offset=9))

    assert [parse(letter).offset for letter in dead_letters.letters] == [7]
    assert ledger.calls == 3 + 21 + 1


async def test_dead_letter_is_no_answer_in_the_latency_metric() -> None:
    labels = {"worker": "tagging", "topic": "moderation.decisions"}
    before = REGISTRY.get_sample_value("fakeme_event_seconds_count", labels) or 0
    handler = make_handler(FakeLedger().apply, FakeDeadLetterTopic().publish)

    await handler.handle(received(b"{"))
    assert (REGISTRY.get_sample_value("fakeme_event_seconds_count", labels) or 0) == before

    await handler.handle(received())
    assert REGISTRY.get_sample_value("fakeme_event_seconds_count", labels) == before + 1


async def test_unreadable_record_becomes_a_dead_letter_without_a_retry() -> None:
    ledger, dead_letters = FakeLedger(), FakeDeadLetterTopic()

    await make_handler(ledger.apply, dead_letters.publish).handle(received(b"{"))

    letter = parse(dead_letters.letters[0])
    assert ledger.calls == 0
    assert (letter.reason, letter.attempts) == (DeadLetterReason.NOT_JSON, 1)
    assert (letter.record.topic, letter.partition, letter.offset) == ("moderation.decisions", 4, 7)
    assert letter.timestamp_ms == 1_795_402_800_000
    assert letter.record.value == b"{"


async def test_publishing_a_dead_letter_is_retried() -> None:
    dead_letters = FakeDeadLetterTopic(OSError("no broker"), OSError("no broker"))

    await make_handler(FakeLedger().apply, dead_letters.publish).handle(received(b"{"))

    assert len(dead_letters.letters) == 1


async def test_waiting_is_true_while_an_event_waits_for_a_retry() -> None:
    slow = RetrySettings(first_delay_seconds=60, max_delay_seconds=60)
    handler = make_handler(FakeLedger(UNAVAILABLE).apply, FakeDeadLetterTopic().publish, retry=slow)
    assert not handler.waiting

    task = asyncio.create_task(handler.handle(received()))
    async with asyncio.timeout(5):
        while not handler.waiting:
            await asyncio.sleep(0.001)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert not handler.waiting
