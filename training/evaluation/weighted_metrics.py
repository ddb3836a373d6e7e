"""ROC, confusion and calibration metrics for many weightings of the same pictures at once.

Weights are (B, N): row b says how often each of N pictures counts. A row of ones gives the plain metric; the
rows of ``bootstrap.resample_weights`` give its resamples. Every metric is returned as (B,), NaN if a row
contains no real or no forged picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Weights = NDArray[np.float32]  # counts; exact in float32 up to 16 million


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Weight of real and forged pictures at or above each distinct score, highest first: both (B, K + 1).

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


def roc_curve(scores: Floats, forged: Flags, weights: Weights) -> RocCurve:
    """Return the ROC curve of scores (N,), where ``forged`` (N,) marks the forgeries."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # the last picture of each tie
    ordered, truth = weights[:, order], forged[order]
    counts = [np.cumsum(np.where(side, ordered, 0), axis=1)[:, ends] for side in (~truth, truth)]
    reals, forgeries = (np.pad(side, ((0, 0), (1, 0))).astype(np.float32) for side in counts)
    return RocCurve(reals, forgeries)


def roc_auc(curve: RocCurve) -> Floats:
    """Return the area under the ROC curve; ties count half."""
    fpr, tpr = curve.fpr.astype(np.float64), curve.tpr.astype(np.float64)
    return np.asarray((np.diff(fpr) * (tpr[:, 1:] + tpr[:, :-1]) / 2).sum(axis=1))


def average_precision(curve: RocCurve) -> Floats:
    """Return the mean precision, weighted by the recall that each threshold adds; no interpolation."""
    positives = (curve.reals + curve.forged)[:, 1:]
    precision = np.divide(curve.forged[:, 1:], positives, out=np.zeros_like(positives), where=positives > 0)
    return np.asarray((np.diff(curve.tpr.astype(np.float64)) * precision).sum(axis=1))


def equal_error_rate(curve: RocCurve) -> Floats:
    """Return the rate at which FPR and FNR are equal, interpolated linearly between thresholds."""
    fpr, tpr = curve.fpr.astype(np.float64), curve.tpr.astype(np.float64)
    excess = fpr - (1 - tpr)  # rises from -1 to 1
    rows = np.arange(len(excess))
    after = np.maximum((excess >= 0).argmax(axis=1), 1)
    low, high = excess[rows, after - 1], excess[rows, after]
    step = -low / (high - low)
    return np.asarray(fpr[rows, after - 1] + step * (fpr[rows, after] - fpr[rows, after - 1]))


def tpr_at_fpr(curve: RocCurve, rate: float) -> Floats:
    """Return the highest TPR at an FPR of at most ``rate``."""
    tpr = np.where(curve.fpr <= np.float32(rate), curve.tpr, 0).max(axis=1).astype(np.float64)
    return np.where(curve.reals[:, -1] > 0, tpr, np.nan)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Weights (B,) of the four outcomes at one threshold; a score equal to it counts as positive (forged)."""

    true_negatives: Floats
    false_positives: Floats
    false_negatives: Floats
    true_positives: Floats

    @property
    def accuracy(self) -> Floats:
        correct = self.true_negatives + self.true_positives
        return _ratio(correct, correct + self.false_positives + self.false_negatives)

    @property
    def precision(self) -> Floats:
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Floats:
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> Floats:
        doubled = 2 * self.true_positives
        return _ratio(doubled, doubled + self.false_positives + self.false_negatives)

    @property
    def fpr(self) -> Floats:
        return _ratio(self.false_positives, self.false_positives + self.true_negatives)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def confusion_at(threshold: float, scores: Floats, forged: Flags, weights: Weights) -> Confusion:
    """Return the confusion matrix at one threshold."""
    positive = scores >= threshold
    outcomes = (~forged & ~positive, ~forged & positive, forged & ~positive, forged & positive)
    return Confusion(*((weights @ outcome.astype(np.float32)).astype(np.float64) for outcome in outcomes))


def calibration_error(probabilities: Floats, forged: Flags, weights: Weights, bins: int = 15) -> Floats:
    """Return the expected calibration error over equal-width bins (Guo et al., ICML 2017)."""
    bin_of = np.minimum((probabilities * bins).astype(int), bins - 1)
    inside = (bin_of[:, None] == np.arange(bins)).astype(np.float64)
    gaps = np.abs(weights @ (inside * (probabilities - forged)[:, None]))
    return _ratio(gaps.sum(axis=1), weights.sum(axis=1, dtype=np.float64))


def chance_calibration_error(probabilities: Floats, simulations: int = 200, seed: int = 0) -> float:
    """Return the mean calibration error that a perfectly calibrated model would show by chance.

    Labels are simulated from the probabilities. With few pictures the frequency in a bin is noisy, and the
    error sums absolute values (Roelofs et al., "Mitigating Bias in Calibration Error Estimation", AISTATS
    2022).
    """
    labels = np.random.default_rng(seed).random((simulations, len(probabilities))) < probabilities
    ones = np.ones((1, len(probabilities)), dtype=np.float32)
    return float(np.mean([calibration_error(probabilities, forged, ones) for forged in labels]))
