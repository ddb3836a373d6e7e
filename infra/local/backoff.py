"""How long the supervisor waits before it starts again what died."""

FIRST_SECONDS = 0.2
MAX_SECONDS = 15.0
STABLE_SECONDS = 60.0  # something that ran this long died of something new: begin at the first delay again


def restart_delay(crashes: int) -> float:
    """Seconds to wait after the ``crashes``-th death in a row (1, 2, …): doubles, up to a bound."""
    return float(min(MAX_SECONDS, FIRST_SECONDS * 2 ** min(crashes - 1, 10)))


def consecutive_crashes(before: int, ran_seconds: float) -> int:
    """Count a death after a run of ``ran_seconds``, given the count before that run."""
    return 1 if ran_seconds >= STABLE_SECONDS else before + 1
