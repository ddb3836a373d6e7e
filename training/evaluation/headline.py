"""All measures of a balanced set, half real and half forged, as pictures came. Pure.

Each comes with its interval over people (``bootstrap``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.card import ModelCard
from training.evaluation.answers import Answers
from training.evaluation.bootstrap import Estimate, draw, estimate
from training.evaluation.conditions import NONE
from training.evaluation.curve import (
    Decisions,
    area,
    average_precision,
    calibration_gap,
    chance_gap,
    decide_at,
    equal_error_rate,
    finds_at,
    trace,
)
from training.evaluation.methods import Family

EVEN = 0.5
RATES = {"TPR at 0.1 % FPR": 0.001, "TPR at 1 % FPR": 0.01, "TPR at 5 % FPR": 0.05}
EVERY_METHOD = "all methods"


@dataclass(frozen=True, slots=True)
class Cut:
    """What comes of one threshold on a balanced set; ``confusion`` counts passed, wronged, missed, found."""

    name: str
    threshold: float
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    confusion: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Headline:
    """Measures on a balanced set of real and forged pictures as they came."""

    reals: int
    forgeries: int
    measures: dict[str, Estimate]
    cuts: list[Cut]
    chance_gap: float  # the calibration error that so few pictures show of any model


def thresholds(card: ModelCard) -> dict[str, float]:
    return {"0.5": EVEN, "suspect": card.suspect_threshold, "tag": card.tag_threshold}


def headline(answers: Answers, model: str, card: ModelCard) -> Headline:
    """Return all measures of a balanced set."""
    scores, forged, weights = answers.probabilities[model], answers.forged, draw(answers.units)
    curve = trace(scores, forged, weights)
    measures = {
        "AUC": area(curve),
        "EER": equal_error_rate(curve),
        "average precision": average_precision(curve),
        **{name: finds_at(curve, rate) for name, rate in RATES.items()},
        "ECE": calibration_gap(scores, forged, weights),
    }
    cuts = [
        _cut(name, threshold, decide_at(threshold, scores, forged, weights))
        for name, threshold in thresholds(card).items()
    ]
    estimates = {name: estimate(values) for name, values in measures.items()}
    return Headline(int((~forged).sum()), int(forged.sum()), estimates, cuts, chance_gap(scores))


def _cut(name: str, threshold: float, made: Decisions) -> Cut:
    counts = [round(float(side[0])) for side in (made.passed, made.wronged, made.missed, made.found)]
    return Cut(
        name,
        threshold,
        accuracy=estimate(made.accuracy),
        precision=estimate(made.precision),
        recall=estimate(made.recall),
        f1=estimate(made.f1),
        confusion=(counts[0], counts[1], counts[2], counts[3]),
    )


def everything(answers: Answers) -> Answers:
    """Return the balanced set of all forgeries made here: each real picture, and one of its forgeries."""
    chosen = answers.representative()
    return chosen[chosen.where(condition=NONE)]


def headlines(answers: Answers, model: str, card: ModelCard) -> dict[str, Headline]:
    """Return the measures by family of forgeries, where there are any, and of all made here together."""
    sets = {EVERY_METHOD: everything(answers)}
    for family in (Family.UNSEEN, Family.TRAINED, Family.LABELLED):
        sets[family.value] = answers.balanced(family)
    return {name: headline(one, model, card) for name, one in sets.items() if one.forged.any()}


def reliability(answers: Answers, model: str, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (mean probability, share forged, pictures) of each bin that is not empty."""
    scores, forged = answers.probabilities[model], answers.forged
    places: NDArray[np.int_] = np.minimum((scores * bins).astype(int), bins - 1)
    inside = [one for number in range(bins) if (one := places == number).any()]
    return [(float(scores[one].mean()), float(forged[one].mean()), int(one.sum())) for one in inside]
