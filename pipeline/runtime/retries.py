"""Decides what follows a failed event: a retry or the dead-letter topic.

An event that an outage met is retried until the outage is over, with increasing delay; such tries are no
attempts. Any other failure is retried a few times. Retries wait in the worker's retry topic
(:mod:`pipeline.runtime.retry_records`) and block no other event.
"""

from dataclasses import dataclass

from pipeline.runtime.faults import Fault, fault_of
from pipeline.settings import RetrySettings
from schemas.errors import DeadLetterReason, UnreadableEventError


@dataclass(frozen=True)
class Retry:
    """Retry the event after ``delay`` seconds. ``counts`` tells whether the failed try was an attempt."""

    delay: float
    counts: bool


@dataclass(frozen=True)
class GiveUp:
    """Send the event to the dead-letter topic."""

    reason: DeadLetterReason
    detail: str


@dataclass(frozen=True)
class Tries:
    """How often an event was tried, with the try in progress."""

    attempt: int = 1  # the number of this attempt
    waits: int = 0  # earlier tries that an outage ended

    @property
    def total(self) -> int:
        """The number of all tries."""
        return self.attempt + self.waits

    def after(self, retry: Retry) -> "Tries":
        """Return the tries at the time of the retry."""
        return Tries(self.attempt + 1, self.waits) if retry.counts else Tries(self.attempt, self.waits + 1)


def retry_decision(
    error: Exception, tries: Tries, settings: RetrySettings, *, paused: bool = False
) -> Retry | GiveUp:
    """Return what to do after the last of ``tries`` failed with ``error``.

    ``paused``: most other events fail too, so an unknown failure is not held against this one.
    """
    if isinstance(error, UnreadableEventError):
        return GiveUp(error.reason, error.detail)
    fault = fault_of(error)
    outage = fault is Fault.OUTAGE or (fault is Fault.UNKNOWN and paused)
    if outage or tries.attempt < settings.attempts:
        return Retry(delay_before(tries.total + 1, settings), counts=not outage)
    return GiveUp(DeadLetterReason.HANDLER_FAILED, f"{type(error).__name__}: {error}")


def delay_before(number: int, settings: RetrySettings) -> float:
    """Return the seconds to wait before try ``number`` (from 2): doubled each time, up to the maximum."""
    doublings = min(number - 2, 32)  # any delay has reached its maximum by then; more would overflow
    return min(settings.first_delay_seconds * 2.0**doublings, settings.max_delay_seconds)
