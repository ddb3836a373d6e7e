"""Learning rate and averaging over the course of a run."""

import math


def learning_rate(progress: float, *, peak: float, warmup: float) -> float:
    """Return the rate at ``progress`` in [0, 1]: linear warm-up to ``peak``, then a cosine down to 1 %."""
    if progress < warmup:
        return peak * max(progress / warmup, 0.01)
    done = min((progress - warmup) / (1 - warmup), 1.0)
    return peak * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def ema_decay(step: int, *, longest: float) -> float:
    """Return the decay of the moving average, which is lower in the first steps."""
    return min(longest, (1 + step) / (10 + step))
