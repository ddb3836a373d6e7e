"""Waiting requests return at once when the gateway stops, and in time when a notification is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pipeline.producers.gateway import verdict_notifier
from pipeline.producers.gateway.verdict_notifier import VerdictNotifier

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/nothing"


def finds(*answers: str | None) -> Callable[[], Awaitable[str | None]]:
    """Return a lookup that returns these answers, one per call."""
    remaining = list(answers)

    async def find() -> str | None:
        return remaining.pop(0)

    return find


async def test_an_existing_verdict_is_returned_without_waiting() -> None:
    assert await VerdictNotifier(UNREACHABLE).wait("p1", 0, finds("verdict")) == "verdict"


async def test_returns_none_after_the_timeout() -> None:
    assert await VerdictNotifier(UNREACHABLE).wait("p1", 0.05, finds(None, None)) is None


async def test_a_lost_notification_only_delays_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict_notifier, "_POLL_SECONDS", 0.01)

    assert await VerdictNotifier(UNREACHABLE).wait("p1", 60, finds(None, None, "verdict")) == "verdict"


async def test_release_all_ends_every_wait() -> None:
    notifier = VerdictNotifier(UNREACHABLE)
    notifier.start()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        waiting = [
            group.create_task(notifier.wait(post_id, 60, finds(None, None))) for post_id in ("p1", "p1", "p2")
        ]
        await asyncio.sleep(0)  # let each wait make its first lookup
        notifier.release_all()
    await asyncio.to_thread(notifier.close)

    assert [task.result() for task in waiting] == [None, None, None]
