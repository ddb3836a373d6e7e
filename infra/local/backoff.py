"""The delay before the supervisor restarts a crashed service: exponential back-off."""

FIRST_SECONDS = 0.2
MAX_SECONDS = 15.0
STABLE_SECONDS = 60.0  # a crash after a run of this length has a new cause: start at the first delay again


def restart_delay(crashes: int) -> float:
    """Return the seconds to wait after ``crashes`` consecutive crashes (1, 2, …); doubles up to a limit."""
    return float(min(MAX_SECONDS, FIRST_SECONDS * 2 ** min(crashes - 1, 10)))


def consecutive_crashes(before: int, ran_seconds: float) -> int:
    """Return the number of consecutive crashes after a run of ``ran_seconds``, from the number ``before``."""
    return 1 if ran_seconds >= STABLE_SECONDS else before + 1
