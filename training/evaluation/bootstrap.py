"""95 % confidence intervals by resampling people, not pictures (cluster bootstrap; Efron, 1979).

The pictures of one person, and the forgeries made of them, are correlated. Resampling single pictures would
make the intervals too narrow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.weighted_metrics import Floats, Weights

RESAMPLES = 1_000  # about 25 resamples lie beyond each end of a 95 % interval
SEED = 95  # the same for all tables, so that a report is reproducible


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure and the ends of its 95 % interval; NaN if it could not be measured."""

    value: float
    low: float
    high: float


def resample_weights(units: NDArray[np.str_], resamples: int = RESAMPLES, seed: int = SEED) -> Weights:
    """Return weights (1 + resamples, N) for N pictures, where ``units`` (N,) names the person in each.

    The first row is the original sample, all ones. Each other row samples as many people as there are, with
    replacement.
    """
    people, person_of = np.unique(units, return_inverse=True)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(people), np.full(len(people), 1 / len(people)), size=resamples)
    return np.concatenate([np.ones((1, len(units))), counts[:, person_of]]).astype(np.float32)


def estimate(values: Floats) -> Estimate:
    """Return the first value with the percentile interval of the others, which come from resamples.

    NaN resamples are ignored. If the measure is biased under resampling, as the calibration error is, it can
    lie outside its percentiles; the interval is then widened to include it.
    """
    value, resampled = float(values[0]), values[1:][~np.isnan(values[1:])]
    if np.isnan(value) or not len(resampled):
        return Estimate(value, value, value)
    low, high = np.percentile(resampled, [2.5, 97.5]).tolist()
    return Estimate(value, min(low, value), max(high, value))
