"""Decides when consumption pauses: when most events of a short window failed, whatever the reason.

A circuit breaker (Nygard, Release It!, 2007). While it is open, one event at a time probes whether the
trouble is over. Pure: time is passed in, and the loop stops and starts the work.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import Enum, auto

from pipeline.settings import ConsumptionSettings

MAX_EVENTS = 200  # in the window; under load it is shorter than its time, so that it opens within seconds


class Change(Enum):
    """What a recorded outcome changed."""

    OPENED = auto()
    STILL_OPEN = auto()  # the probe failed
    CLOSED = auto()


class CircuitBreaker:
    """Remembers the last outcome of each recent event. An event that fails repeatedly counts once."""

    def __init__(self, settings: ConsumptionSettings, delay: Callable[[int], float]) -> None:
        """``delay`` returns the seconds to wait before probe number n, from 1."""
        self._settings = settings
        self._delay = delay
        self._failed: OrderedDict[Hashable, tuple[float, bool]] = OrderedDict()  # by time of last outcome
        self._failures = 0
        self._probes = 0
        self._probe: Hashable | None = None
        self._probe_at: float | None = None  # None: closed

    @property
    def is_open(self) -> bool:
        """Whether consumption is paused."""
        return self._probe_at is not None

    def admits(self, now: float) -> bool:
        """Return whether an event may start at ``now`` (seconds): any if closed, a probe if one is due."""
        return self._probe_at is None or (self._probe is None and now >= self._probe_at)

    def start(self, event: Hashable) -> None:
        """Tell that ``event`` was started; while the breaker is open, it is the probe."""
        if self.is_open:
            self._probe = event

    def record(self, now: float, event: Hashable, *, failed: bool | None) -> Change | None:
        """Record an outcome at ``now`` (seconds); None if it says nothing about the surroundings."""
        if self._probe_at is not None:
            return self._record_probe(now, failed) if event == self._probe else None
        if failed is None:
            return None
        self._remember(now, event, failed)
        if not self._most_fail():
            return None
        self._wait_for_probe(now)
        return Change.OPENED

    def _record_probe(self, now: float, failed: bool | None) -> Change | None:
        self._probe = None
        if failed is None:  # the next event may probe at once
            return None
        if failed:
            self._wait_for_probe(now)
            return Change.STILL_OPEN
        self._failed.clear()
        self._failures, self._probes, self._probe_at = 0, 0, None
        return Change.CLOSED

    def _wait_for_probe(self, now: float) -> None:
        self._probes += 1
        self._probe_at = now + self._delay(self._probes)

    def _remember(self, now: float, event: Hashable, failed: bool) -> None:
        self._forget(event)
        self._failed[event] = (now, failed)
        self._failures += failed
        while len(self._failed) > MAX_EVENTS or self._oldest() < now - self._settings.pause_window_seconds:
            self._forget(next(iter(self._failed)))

    def _oldest(self) -> float:
        return next(iter(self._failed.values()))[0]

    def _forget(self, event: Hashable) -> None:
        _, failed = self._failed.pop(event, (0.0, False))
        self._failures -= failed

    def _most_fail(self) -> bool:
        enough = self._failures >= self._settings.pause_events
        return enough and self._failures >= self._settings.pause_share * len(self._failed)
