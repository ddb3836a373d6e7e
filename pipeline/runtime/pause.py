"""Pauses consumption while most events fail, and says so: log, metric and readiness.

:mod:`pipeline.runtime.breaker` decides. Reading continues until back-pressure stops it; only no event is
started, except one probe at a time.
"""

from collections.abc import Hashable

import structlog

from pipeline.runtime import metrics
from pipeline.runtime.breaker import Change, CircuitBreaker
from pipeline.runtime.consumer import Answer
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.retries import delay_before
from pipeline.runtime.stages import Outcome
from pipeline.settings import ConsumptionSettings, RetrySettings

log = structlog.get_logger(__name__)

# The record's own fault: these failures say nothing about the surroundings.
_OF_THE_EVENT = (Fault.UNREADABLE, Fault.EARLY)


class OutagePause:
    """The pause of one worker. Times are monotonic, in seconds."""

    def __init__(self, worker: str, settings: ConsumptionSettings, retry: RetrySettings) -> None:
        self._breaker = CircuitBreaker(settings, lambda probe: delay_before(probe + 1, retry))
        self._gauge = metrics.PAUSED.labels(worker)
        self._gauge.set(0)

    @property
    def active(self) -> bool:
        """Whether consumption pauses."""
        return self._breaker.is_open

    def admits(self, now: float) -> bool:
        """Return whether an event may start: any, or a probe if consumption pauses."""
        return self._breaker.admits(now)

    def start(self, event: Hashable) -> None:
        """Tell that work on ``event`` was started; it is identified by its place in the topic."""
        self._breaker.start(event)

    def record(self, now: float, event: Hashable, outcome: Outcome) -> None:
        """Record how ``event`` ended, and pause or resume."""
        change = self._breaker.record(now, event, failed=_failed(outcome))
        if change is None:
            return
        self._gauge.set(self.active)
        if change is Change.CLOSED:
            log.info("consumption.resumed")
        else:
            reason = "most events fail" if change is Change.OPENED else "the probe failed"
            log.error("consumption.paused", reason=reason, error=f"{type(outcome).__name__}: {outcome}")


def _failed(outcome: Outcome) -> bool | None:
    """Return whether an outcome speaks for or against the surroundings; None if for neither."""
    if isinstance(outcome, Answer):
        return False
    return None if fault_of(outcome) in _OF_THE_EVENT else True
