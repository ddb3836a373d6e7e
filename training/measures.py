"""Metrics, thresholds and calibration of a detector, as pure functions of scores."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probability = sigmoid(logit / temperature + bias)."""

    temperature: float
    bias: float

    def probabilities(self, logits: Scores) -> Scores:
        return 1 / (1 + np.exp(-(logits / self.temperature + self.bias)))


def auc(reals: Scores, forgeries: Scores) -> float:
    """Return the area under the ROC curve; ties count half."""
    ordered = np.sort(reals)
    below = np.searchsorted(ordered, forgeries, side="left")
    ties = np.searchsorted(ordered, forgeries, side="right") - below
    return float((below + ties / 2).mean() / len(reals))


def threshold_at(reals: Scores, rate: float) -> float:
    """Return the lowest threshold that at most ``rate`` of the real scores reach."""
    allowed = int(np.floor(rate * len(reals)))
    ordered = np.sort(reals)[::-1]
    return float(np.nextafter(ordered[allowed], np.inf))


def tail_threshold(reals: Scores, rate: float, beyond: float) -> float:
    """Return a threshold for a rate that is too small for counting.

    The scores above the threshold of the larger rate ``beyond`` are assumed to be exponential (peaks over
    threshold, Pickands 1975). If counting gives a higher threshold, that is returned.
    """
    base = threshold_at(reals, beyond)
    over = reals[reals >= base] - base
    fitted = base + float(over.mean()) * np.log(beyond / rate) if len(over) else base
    return max(float(fitted), threshold_at(reals, rate))


def rate_at_or_above(scores: Scores, threshold: float) -> float:
    """Return the share of scores at or above a threshold: FPR for reals, TPR for forgeries."""
    return float((scores >= threshold).mean())


def calibrate(reals: Scores, forgeries: Scores) -> Calibration:
    """Fit temperature and bias to logits (Platt, 1999) with equal weight for both classes.

    The probabilities are therefore calibrated for inputs of which half are forged.
    """
    logits = torch.from_numpy(np.concatenate([reals, forgeries]))
    labels = torch.cat([torch.zeros(len(reals)), torch.ones(len(forgeries))]).double()
    weights = torch.cat([torch.full((len(x),), 1 / len(x), dtype=torch.float64) for x in (reals, forgeries)])
    slope_bias = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([slope_bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        fitted = functional.binary_cross_entropy_with_logits(
            logits * slope_bias[0] + slope_bias[1], labels, weights, reduction="sum"
        )
        fitted.backward()  # type: ignore[no-untyped-call]
        return fitted

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    slope, bias = slope_bias.tolist()
    return Calibration(temperature=1 / slope, bias=bias)


def expected_calibration_error(probabilities: Scores, labels: Scores, bins: int = 15) -> float:
    """Return the mean gap between probability and frequency over equal-width bins (Guo et al., 2017)."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(probabilities[places == b].mean() - labels[places == b].mean()) * (places == b).mean()
        for b in range(bins)
        if (places == b).any()
    ]
    return float(sum(gaps))
