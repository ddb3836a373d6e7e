"""Metrics broken down by forgery method, group of people and condition, one row each. Pure functions.

Every metric has a confidence interval over people (see ``bootstrap``).
"""

from dataclasses import dataclass, replace

import numpy as np

from inference.card import ModelCard
from training.evaluation.bootstrap import Estimate, estimate, resample_weights
from training.evaluation.conditions import NONE
from training.evaluation.headline import thresholds
from training.evaluation.methods import Family
from training.evaluation.predictions import Predictions
from training.evaluation.weighted_metrics import Flags, Floats, confusion_at, roc_auc, roc_curve

ATTRIBUTES = {"group": "population", "sex": "sex", "age": "age"}  # metadata column -> name in the report


@dataclass(frozen=True, slots=True)
class Row:
    """Metrics of one method, group or condition."""

    name: str
    kind: str  # family of a method, attribute of a group
    people: int
    pictures: int
    measures: dict[str, Estimate]


def separation(reals: Flags, forgeries: Flags, predictions: Predictions, model: str, card: ModelCard) -> Row:
    """Return the AUC, and FPR and TPR at both thresholds, as an unnamed row."""
    selected = predictions[reals | forgeries]
    scores, forged = selected.probabilities[model], selected.forged
    weights = resample_weights(selected.units)
    measures = {"AUC": estimate(roc_auc(roc_curve(scores, forged, weights)))}
    for name in ("suspect", "tag"):
        confusion = confusion_at(thresholds(card)[name], scores, forged, weights)
        measures[f"FPR at {name}"] = estimate(confusion.fpr)
        measures[f"TPR at {name}"] = estimate(confusion.recall)
    return Row("", "", len(np.unique(selected.units)), len(selected), measures)


def by_method(predictions: Predictions, model: str, card: ModelCard) -> list[Row]:
    """Return one row for each forgery method, compared with the unmodified real pictures.

    Labelled forgeries are compared with the real pictures of the same collections.
    """
    unmodified, rows = predictions.where(condition=NONE), []
    for method in predictions.values("method"):
        forgeries = unmodified & predictions.where(method=method)
        family = str(predictions.metadata["family"][forgeries][0])
        reals = unmodified & ~predictions.forged
        if family == Family.LABELLED:
            collections = predictions.metadata["collection"]
            reals &= np.isin(collections, collections[forgeries])
        rows.append(replace(separation(reals, forgeries, predictions, model, card), name=method, kind=family))
    return rows


def by_group(predictions: Predictions, model: str, card: ModelCard) -> list[Row]:
    """Return one row for each group of people, for each known attribute.

    The AUC is over all unmodified forgeries. False alarms are counted in every condition, because they are
    rare at the tag threshold.
    """
    unmodified, rows = predictions.where(condition=NONE), []
    for column, attribute in ATTRIBUTES.items():
        for value in sorted(predictions.values(column)):
            members = predictions.where(**{column: value})
            reals, forgeries = members & ~predictions.forged, members & unmodified & predictions.forged
            if not (reals.any() and forgeries.any()):
                continue
            row = separation(reals & unmodified, forgeries, predictions, model, card)
            alarms = {
                f"FPR at {name}": _false_alarms(predictions[reals], model, card, name)
                for name in ("suspect", "tag")
            }
            rows.append(Row(value, attribute, row.people, int(reals.sum()), row.measures | alarms))
    return rows


def _false_alarms(reals: Predictions, model: str, card: ModelCard, threshold: str) -> Estimate:
    weights = resample_weights(reals.units)
    scores = reals.probabilities[model]
    return estimate(confusion_at(thresholds(card)[threshold], scores, reals.forged, weights).fpr)


def by_condition(predictions: Predictions, model: str, card: ModelCard) -> list[Row]:
    """Return one row for each condition.

    All conditions use the same pictures, so that ``cost``, the AUC lost, is caused by the condition alone.
    """
    selected, rows = predictions.representative(), []
    baseline = _aucs(selected[selected.where(condition=NONE)], model)
    for condition in predictions.values("condition"):
        members = selected.where(condition=condition)
        row = separation(members & ~selected.forged, members & selected.forged, selected, model, card)
        too_small = selected.metadata["edge"][members].astype(np.float64) < card.min_face_px
        abstained = float(too_small.mean())
        measures = row.measures | {
            "cost": estimate(baseline - _aucs(selected[members], model)),
            "no opinion": Estimate(abstained, abstained, abstained),
        }
        rows.append(Row(condition, "", row.people, row.pictures, measures))
    return rows


def _aucs(predictions: Predictions, model: str) -> Floats:
    """Return the AUC of the sample and of its resamples, which are the same people in every condition."""
    weights = resample_weights(predictions.units)
    return roc_auc(roc_curve(predictions.probabilities[model], predictions.forged, weights))
