"""What one attempt to decode or verify a media item came to, and what follows from it. Pure functions."""

import signal
from dataclasses import dataclass
from enum import StrEnum

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

MAX_ATTEMPTS = 2


class Outcome(StrEnum):
    """How a decoding process ended."""

    DECODED = "decoded"
    VERIFIED = "verified"
    REFUSED = "refused"
    CRASHED = "crashed"
    OUT_OF_CPU_TIME = "out_of_cpu_time"
    OUT_OF_WALL_TIME = "out_of_wall_time"
    LOST = "lost"  # together with the fork server


@dataclass(frozen=True)
class Attempt:
    """One decoding process: its outcome, its CPU time in seconds and its peak resident memory in bytes."""

    outcome: Outcome
    cpu_seconds: float = 0.0
    max_rss_bytes: int = 0
    detail: str = ""


def outcome_of_end(signal_number: int) -> Outcome:
    """Return what happened to a process that ended without an answer; 0 stands for no signal."""
    return Outcome.OUT_OF_CPU_TIME if signal_number == signal.SIGXCPU else Outcome.CRASHED


def refusal(attempts: list[Attempt]) -> Unprocessable:
    """Return the answer for a media item on which every attempt failed."""
    last = attempts[-1]
    what = {
        Outcome.CRASHED: f"the decoder crashed ({last.detail})",
        Outcome.OUT_OF_CPU_TIME: f"decoding was stopped after {last.cpu_seconds:.0f} s of CPU time",
        Outcome.OUT_OF_WALL_TIME: f"decoding was stopped because it did not end in time ({last.detail})",
        Outcome.LOST: "the decoder was killed",
    }[last.outcome]
    return Unprocessable(UnprocessableReason.UNDECODABLE, f"{what}, in each of {len(attempts)} attempts")
