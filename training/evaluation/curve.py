"""How finds trade against false alarms, for many weightings of the same pictures at once.

Weights are (B, N): row b says how often each of N pictures counts. One row of ones is the plain measure;
the rows of ``bootstrap.draw`` are its resamples. Every measure comes back as (B,), NaN where a row holds no
real or no forged picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Weights = NDArray[np.float32]  # counts, exact in float32 up to 16 million


@dataclass(frozen=True, slots=True)
class Curve:
    """Weight of reals and of forgeries at or above each distinct score, highest first: both (B, K + 1).

    The first column is 0: a threshold above every score.
    """

    reals: NDArray[np.float32]
    forged: NDArray[np.float32]

    @property
    def fpr(self) -> NDArray[np.float32]:
        return _share(self.reals, self.reals[:, -1:])

    @property
    def tpr(self) -> NDArray[np.float32]:
        return _share(self.forged, self.forged[:, -1:])


def _share(part: NDArray[np.float32], whole: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def trace(scores: Floats, forged: Flags, weights: Weights) -> Curve:
    """Return the curve of scores (N,) of which ``forged`` (N,) are forgeries."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # the last of each tie
    ordered, truth = weights[:, order], forged[order]
    counted = [np.cumsum(np.where(side, ordered, 0), axis=1)[:, ends] for side in (~truth, truth)]
    reals, forgeries = (np.pad(side, ((0, 0), (1, 0))).astype(np.float32) for side in counted)
    return Curve(reals, forgeries)


def area(curve: Curve) -> Floats:
    """Return the area under the ROC: the chance of right order, ties counting half."""
    fpr, tpr = curve.fpr.astype(np.float64), curve.tpr.astype(np.float64)
    return np.asarray((np.diff(fpr) * (tpr[:, 1:] + tpr[:, :-1]) / 2).sum(axis=1))


def average_precision(curve: Curve) -> Floats:
    """Return the precision averaged over the recall that each threshold adds; no interpolation."""
    named = (curve.reals + curve.forged)[:, 1:]
    precision = np.divide(curve.forged[:, 1:], named, out=np.zeros_like(named), where=named > 0)
    return np.asarray((np.diff(curve.tpr.astype(np.float64)) * precision).sum(axis=1))


def equal_error_rate(curve: Curve) -> Floats:
    """Return the rate at which as many reals pass as forgeries are missed; linear between thresholds."""
    fpr, tpr = curve.fpr.astype(np.float64), curve.tpr.astype(np.float64)
    excess = fpr - (1 - tpr)  # rises from -1 to 1
    rows = np.arange(len(excess))
    after = np.maximum((excess >= 0).argmax(axis=1), 1)
    low, high = excess[rows, after - 1], excess[rows, after]
    step = -low / (high - low)
    return np.asarray(fpr[rows, after - 1] + step * (fpr[rows, after] - fpr[rows, after - 1]))


def finds_at(curve: Curve, rate: float) -> Floats:
    """Return the largest share of forgeries found while at most ``rate`` of the reals pass."""
    finds = np.where(curve.fpr <= np.float32(rate), curve.tpr, 0).max(axis=1).astype(np.float64)
    return np.where(curve.reals[:, -1] > 0, finds, np.nan)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Weights (B,) of the four outcomes at one threshold; a score at it counts as said to be forged."""

    passed: Floats  # true negatives
    wronged: Floats  # false positives
    missed: Floats  # false negatives
    found: Floats  # true positives

    @property
    def accuracy(self) -> Floats:
        return _ratio(self.passed + self.found, self.passed + self.wronged + self.missed + self.found)

    @property
    def precision(self) -> Floats:
        return _ratio(self.found, self.found + self.wronged)

    @property
    def recall(self) -> Floats:
        return _ratio(self.found, self.found + self.missed)

    @property
    def f1(self) -> Floats:
        return _ratio(2 * self.found, 2 * self.found + self.wronged + self.missed)

    @property
    def fpr(self) -> Floats:
        return _ratio(self.wronged, self.wronged + self.passed)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def decide_at(threshold: float, scores: Floats, forged: Flags, weights: Weights) -> Decisions:
    """Return what comes of one threshold."""
    above = scores >= threshold
    kinds = (~forged & ~above, ~forged & above, forged & ~above, forged & above)
    return Decisions(*((weights @ kind.astype(np.float32)).astype(np.float64) for kind in kinds))


def calibration_gap(probabilities: Floats, forged: Flags, weights: Weights, bins: int = 15) -> Floats:
    """Return the expected calibration error over equal-width bins (Guo et al., ICML 2017)."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    inside = (places[:, None] == np.arange(bins)).astype(np.float64)
    gaps = np.abs(weights @ (inside * (probabilities - forged)[:, None]))
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1, dtype=np.float64))


def chance_gap(probabilities: Floats, draws: int = 200, seed: int = 0) -> float:
    """Return the mean calibration error that chance alone would show, were every probability right.

    Labels are drawn from the probabilities; few pictures leave a bin's frequency off by much, and the error
    sums absolute values (Roelofs et al., "Mitigating Bias in Calibration Error Estimation", AISTATS 2022).
    """
    drawn = np.random.default_rng(seed).random((draws, len(probabilities))) < probabilities
    alike = np.ones((1, len(probabilities)), dtype=np.float32)
    return float(np.mean([calibration_gap(probabilities, forged, alike) for forged in drawn]))
