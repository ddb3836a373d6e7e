"""Measures by method, by group of people and by condition, a row each. Pure.

Each comes with its interval over people (``bootstrap``).
"""

from dataclasses import dataclass, replace

import numpy as np

from inference.card import ModelCard
from training.evaluation.answers import Answers
from training.evaluation.bootstrap import Estimate, draw, estimate
from training.evaluation.conditions import NONE
from training.evaluation.curve import Flags, Floats, area, decide_at, trace
from training.evaluation.headline import thresholds
from training.evaluation.methods import Family

ATTRIBUTES = {"group": "population", "sex": "sex", "age": "age"}  # column -> what people call it


@dataclass(frozen=True, slots=True)
class Row:
    """Measures of one method, group or condition, over ``pictures`` of ``people``."""

    name: str
    kind: str  # family of a method, attribute of a group
    people: int
    pictures: int
    measures: dict[str, Estimate]


def separation(reals: Flags, forgeries: Flags, answers: Answers, model: str, card: ModelCard) -> Row:
    """Return AUC, and the shares of reals and forgeries at both thresholds."""
    chosen = answers[reals | forgeries]
    scores, forged, weights = chosen.probabilities[model], chosen.forged, draw(chosen.units)
    measures = {"AUC": estimate(area(trace(scores, forged, weights)))}
    for name in ("suspect", "tag"):
        made = decide_at(thresholds(card)[name], scores, forged, weights)
        measures[f"FPR at {name}"] = estimate(made.fpr)
        measures[f"TPR at {name}"] = estimate(made.recall)
    return Row("", "", len(np.unique(chosen.units)), len(chosen), measures)


def by_method(answers: Answers, model: str, card: ModelCard) -> list[Row]:
    """Return a row a way of forging, against the real pictures as they came; of labelled ones, against the
    real pictures of the same collections."""
    plain, rows = answers.where(condition=NONE), []
    for method in answers.values("method"):
        forgeries = plain & answers.where(method=method)
        family = str(answers.known["family"][forgeries][0])
        reals = plain & ~answers.forged
        if family == Family.LABELLED:
            reals &= np.isin(answers.known["collection"], answers.known["collection"][forgeries])
        rows.append(replace(separation(reals, forgeries, answers, model, card), name=method, kind=family))
    return rows


def by_group(answers: Answers, model: str, card: ModelCard) -> list[Row]:
    """Return a row a group of people, for each attribute that is known.

    The AUC is that of all forgeries as they came; false alarms are counted in every condition, since at the
    tag threshold they are rare.
    """
    plain, rows = answers.where(condition=NONE), []
    for column, attribute in ATTRIBUTES.items():
        for value in sorted(answers.values(column)):
            of = answers.where(**{column: value})
            reals, forgeries = of & ~answers.forged, of & plain & answers.forged
            if not (reals.any() and forgeries.any()):
                continue
            row = separation(reals & plain, forgeries, answers, model, card)
            alarms = {name: _alarms(answers[reals], model, card, name) for name in ("suspect", "tag")}
            measures = row.measures | {f"FPR at {name}": rate for name, rate in alarms.items()}
            rows.append(Row(value, attribute, row.people, int(reals.sum()), measures))
    return rows


def _alarms(reals: Answers, model: str, card: ModelCard, name: str) -> Estimate:
    made = decide_at(thresholds(card)[name], reals.probabilities[model], reals.forged, draw(reals.units))
    return estimate(made.fpr)


def by_condition(answers: Answers, model: str, card: ModelCard) -> list[Row]:
    """Return a row a condition: the same pictures in each, so that the AUC's cost is the condition's own."""
    chosen, rows = answers.representative(), []
    plain = _areas(chosen[chosen.where(condition=NONE)], model)
    for condition in answers.values("condition"):
        under = chosen.where(condition=condition)
        row = separation(under & ~chosen.forged, under & chosen.forged, chosen, model, card)
        cost = estimate(plain - _areas(chosen[under], model))
        small = (chosen.known["edge"][under].astype(np.float64) < card.min_face_px).mean()
        unjudged = Estimate(float(small), float(small), float(small))
        rows.append(
            Row(
                condition, "", row.people, row.pictures, row.measures | {"cost": cost, "no opinion": unjudged}
            )
        )
    return rows


def _areas(answers: Answers, model: str) -> Floats:
    """Return the AUC of the sample and of its resamples; the same people in each whatever the condition."""
    return area(trace(answers.probabilities[model], answers.forged, draw(answers.units)))
