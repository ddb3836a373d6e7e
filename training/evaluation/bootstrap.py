"""How far a measure could be off: 95 % intervals by resampling people, not pictures (Efron, 1979).

The pictures of one person stand and fall together, and so do the forgeries made of them; drawing single
pictures would make the intervals too narrow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.curve import Floats, Weights

RESAMPLES = 1_000  # the ends of a 95 % interval then rest on 25 resamples each
SEED = 95  # one for all tables, so that a report comes out the same again


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with the ends of its 95 % interval; NaN where nothing could be measured."""

    value: float
    low: float
    high: float


def draw(units: NDArray[np.str_], resamples: int = RESAMPLES, seed: int = SEED) -> Weights:
    """Return weights (1 + resamples, N) for pictures of the people ``units`` (N,).

    The first row is the sample itself, all ones; each other row draws as many people as there are, with
    replacement.
    """
    people, places = np.unique(units, return_inverse=True)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(people), np.full(len(people), 1 / len(people)), size=resamples)
    return np.concatenate([np.ones((1, len(units))), counts[:, places]]).astype(np.float32)


def estimate(values: Floats) -> Estimate:
    """Return the measure (first of the values) with its percentile interval (from the others).

    Resamples in which it could not be taken are left out. A measure that resampling moves to one side (the
    calibration error) can fall beside its percentiles: the interval is widened to hold it.
    """
    value, others = float(values[0]), values[1:][~np.isnan(values[1:])]
    if np.isnan(value) or not len(others):
        return Estimate(value, value, value)
    low, high = np.percentile(others, [2.5, 97.5]).tolist()
    return Estimate(value, min(low, value), max(high, value))
