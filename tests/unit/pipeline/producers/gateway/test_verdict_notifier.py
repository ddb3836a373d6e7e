"""Who waits for a verdict is answered at once when told to go, and in time when a notice was lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pipeline.producers.gateway import verdict_bell
from pipeline.producers.gateway.verdict_bell import VerdictBell

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def finds(*answers: str | None) -> Callable[[], Awaitable[str | None]]:
    """A look at a table that has these answers, one after another."""
    rest = list(answers)

    async def look() -> str | None:
        return rest.pop(0)

    return look


async def test_what_is_there_is_found_without_waiting() -> None:
    assert await VerdictBell(NOWHERE).wait("p1", 0, finds("verdict")) == "verdict"


async def test_time_runs_out() -> None:
    assert await VerdictBell(NOWHERE).wait("p1", 0.05, finds(None, None)) is None


async def test_a_lost_notice_only_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict_bell, "_LOOK_AGAIN_SECONDS", 0.01)

    assert await VerdictBell(NOWHERE).wait("p1", 60, finds(None, None, "verdict")) == "verdict"


async def test_a_stop_dismisses_all_who_wait() -> None:
    bell = VerdictBell(NOWHERE)
    bell.start()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        waiting = [group.create_task(bell.wait(post, 60, finds(None, None))) for post in ("p1", "p1", "p2")]
        await asyncio.sleep(0)  # let each look once
        bell.dismiss()
    await asyncio.to_thread(bell.close)

    assert [task.result() for task in waiting] == [None, None, None]
