"""How fast to learn at each point of a run."""

import math


def learning_rate(progress: float, *, peak: float, warmup: float) -> float:
    """Return the rate at a share of the run in [0, 1]: linear up to ``peak``, then a cosine down to 1 %."""
    if progress < warmup:
        return peak * max(progress / warmup, 0.01)
    done = min((progress - warmup) / (1 - warmup), 1.0)
    return peak * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def ema_decay(step: int, *, longest: float) -> float:
    """Return the weight of the past in the running average; short at first, when the past is worth little."""
    return min(longest, (1 + step) / (10 + step))
