"""Headline metrics of balanced sets: half real, half forged, unmodified pictures. Pure functions.

Every metric has a confidence interval over people (see ``bootstrap``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.card import ModelCard
from training.evaluation.bootstrap import Estimate, estimate, resample_weights
from training.evaluation.conditions import NONE
from training.evaluation.methods import Family
from training.evaluation.predictions import Predictions
from training.evaluation.weighted_metrics import (
    Confusion,
    average_precision,
    calibration_error,
    chance_calibration_error,
    confusion_at,
    equal_error_rate,
    roc_auc,
    roc_curve,
    tpr_at_fpr,
)

EVEN = 0.5
RATES = {"TPR at 0.1 % FPR": 0.001, "TPR at 1 % FPR": 0.01, "TPR at 5 % FPR": 0.05}
EVERY_METHOD = "all methods"


@dataclass(frozen=True, slots=True)
class Cut:
    """Metrics at one threshold; ``confusion`` counts true negatives, false positives, false negatives and
    true positives, in this order.
    """

    name: str
    threshold: float
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    confusion: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Headline:
    """Metrics of a balanced set of real and forged pictures."""

    reals: int
    forgeries: int
    measures: dict[str, Estimate]
    cuts: list[Cut]
    chance_gap: float  # calibration error that a perfectly calibrated model would show on so few pictures


def thresholds(card: ModelCard) -> dict[str, float]:
    return {"0.5": EVEN, "suspect": card.suspect_threshold, "tag": card.tag_threshold}


def headline(predictions: Predictions, model: str, card: ModelCard) -> Headline:
    """Return all metrics of a balanced set."""
    scores, forged = predictions.probabilities[model], predictions.forged
    weights = resample_weights(predictions.units)
    curve = roc_curve(scores, forged, weights)
    measures = {
        "AUC": roc_auc(curve),
        "EER": equal_error_rate(curve),
        "average precision": average_precision(curve),
        **{name: tpr_at_fpr(curve, rate) for name, rate in RATES.items()},
        "ECE": calibration_error(scores, forged, weights),
    }
    cuts = [
        _cut(name, threshold, confusion_at(threshold, scores, forged, weights))
        for name, threshold in thresholds(card).items()
    ]
    estimates = {name: estimate(values) for name, values in measures.items()}
    chance = chance_calibration_error(scores)
    return Headline(int((~forged).sum()), int(forged.sum()), estimates, cuts, chance)


def _cut(name: str, threshold: float, confusion: Confusion) -> Cut:
    return Cut(
        name,
        threshold,
        accuracy=estimate(confusion.accuracy),
        precision=estimate(confusion.precision),
        recall=estimate(confusion.recall),
        f1=estimate(confusion.f1),
        confusion=(
            round(float(confusion.true_negatives[0])),
            round(float(confusion.false_positives[0])),
            round(float(confusion.false_negatives[0])),
            round(float(confusion.true_positives[0])),
        ),
    )


def all_methods_set(predictions: Predictions) -> Predictions:
    """Return each real picture and one of its forgeries, over all methods implemented in this repository."""
    selected = predictions.representative()
    return selected[selected.where(condition=NONE)]


def headlines(predictions: Predictions, model: str, card: ModelCard) -> dict[str, Headline]:
    """Return the metrics of all methods together, and of each family that has forgeries."""
    sets = {EVERY_METHOD: all_methods_set(predictions)}
    for family in (Family.UNSEEN, Family.TRAINED, Family.LABELLED):
        sets[family.value] = predictions.balanced(family)
    return {name: headline(subset, model, card) for name, subset in sets.items() if subset.forged.any()}


def reliability(predictions: Predictions, model: str, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (mean probability, share forged, number of pictures) of each non-empty bin."""
    scores, forged = predictions.probabilities[model], predictions.forged
    bin_of: NDArray[np.int_] = np.minimum((scores * bins).astype(int), bins - 1)
    members = [flags for number in range(bins) if (flags := bin_of == number).any()]
    return [(float(scores[flags].mean()), float(forged[flags].mean()), int(flags.sum())) for flags in members]
