"""How long the supervisor waits before it starts again what died."""

FIRST_SECONDS = 0.2
MAX_SECONDS = 15.0
CALM_SECONDS = 60.0  # something that ran this long died of something new: begin at the first delay again


def restart_delay(deaths: int) -> float:
    """Seconds to wait after the ``deaths``-th death in a row (1, 2, …): doubles, up to a bound."""
    return float(min(MAX_SECONDS, FIRST_SECONDS * 2 ** min(deaths - 1, 10)))


def deaths_in_a_row(before: int, ran_seconds: float) -> int:
    """Count a death after a run of ``ran_seconds``, given the count before that run."""
    return 1 if ran_seconds >= CALM_SECONDS else before + 1
