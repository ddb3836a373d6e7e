"""Notices that most events fail, whatever the reason, and says when to try again. Pure: it is told the time.

A database that became read-only, a lost privilege or a full disk fails every event. Going on would fill the
dead-letter topic within seconds, so the loop waits and probes with one event at a time (M. Nygard, "Release
It!", 2007, chapter 5).
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from pipeline.settings import RetrySettings

WINDOW_SECONDS = 30.0
MIN_EVENTS = 10  # fewer failures may be chance
FAILED_SHARE = 0.8


class State(StrEnum):
    """Closed: events flow. Open: none is started. Probing: one is."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True)
class _Result:
    at: float
    failed: bool


class CircuitBreaker:
    """One breaker for all events of a worker."""

    def __init__(self, retry: RetrySettings) -> None:
        self._retry = retry
        self._results: deque[_Result] = deque()
        self._state = State.CLOSED
        self._probe_at = 0.0
        self._probes = 0  # that failed, one after another

    @property
    def state(self) -> State:
        """The state after the last call of :meth:`record` or :meth:`allowed`."""
        return self._state

    def allowed(self, now: float, in_flight: int) -> bool:
        """Return whether an event may be started at ``now`` (monotonic seconds)."""
        if self._state is State.CLOSED:
            return True
        if self._state is State.OPEN and now >= self._probe_at:
            self._state = State.PROBING
        return self._state is State.PROBING and in_flight == 0

    def record(self, now: float, *, failed: bool) -> None:
        """Tell how an event ended. Failures that concern the event alone do not belong here."""
        if self._state is State.OPEN:
            return  # it was started before the breaker opened
        if self._state is State.PROBING:
            self._record_probe(now, failed=failed)
            return
        self._results.append(_Result(now, failed))
        while self._results[0].at < now - WINDOW_SECONDS:
            self._results.popleft()
        failures = sum(result.failed for result in self._results)
        if failures >= MIN_EVENTS and failures >= FAILED_SHARE * len(self._results):
            self._open(now)

    def _record_probe(self, now: float, *, failed: bool) -> None:
        if failed:
            self._open(now)
        else:
            self._state, self._probes = State.CLOSED, 0
            self._results.clear()

    def _open(self, now: float) -> None:
        delay = self._retry.first_delay_seconds * 2.0 ** min(self._probes, 32)
        self._probe_at = now + min(delay, self._retry.max_delay_seconds)
        self._probes += 1
        self._state = State.OPEN
        self._results.clear()
