"""The complete evaluation result, from which JSON, figures and the HTML page are made."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from inference.card import ModelCard
from training.evaluation.aggregation import Choice
from training.evaluation.breakdown import Row, by_condition, by_group, by_method
from training.evaluation.headline import Headline, all_methods_set, headlines, reliability, thresholds
from training.evaluation.methods import Family
from training.evaluation.predictions import Predictions
from training.evaluation.requirements import Requirement, check_requirements
from training.evaluation.video import ClipScores, VideoRow, by_level
from training.evaluation.weighted_metrics import roc_curve

HISTOGRAM_BINS = 25
ROC_RATES = np.concatenate([[0.0], np.logspace(-3, 0, 121)])  # FPRs at which the ROC curve is stored


@dataclass(frozen=True, slots=True)
class FigureData:
    """Data of the figures: ROC (FPR, TPR), reliability (mean probability, share forged, pictures), and
    histograms of the scores of real and forged pictures.
    """

    roc: list[tuple[float, float]]
    reliability: list[tuple[float, float, int]]
    reals: list[int]
    forgeries: list[int]


@dataclass(frozen=True, slots=True)
class ModelResult:
    """All measurements of one model; ``headline`` names the set shown at the top of the report."""

    name: str
    network: str
    weights_sha256: str
    licence: str
    data: str
    min_face_px: int
    thresholds: dict[str, float]
    headline: str
    headlines: dict[str, Headline]
    methods: list[Row]
    groups: list[Row]
    conditions: list[Row]
    video: list[VideoRow]
    bars: list[Requirement]
    shape: FigureData
    choices: Mapping[str, list[Choice]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """Size of the evaluation sample; ``resamples`` is the number used for each interval."""

    photographs: int
    people: int
    collections: dict[str, int]
    pictures: int
    clips: int
    seed: int
    resamples: int


@dataclass(frozen=True, slots=True)
class Result:
    made_at: str  # ISO 8601, UTC
    sample: Sample
    models: list[ModelResult]

    def document(self) -> str:
        """Return the result as JSON; values that could not be measured are null."""
        return json.dumps(_without_nan(asdict(self)), indent=1, ensure_ascii=False) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def measure_model(
    predictions: Predictions,
    clip_scores: ClipScores,
    name: str,
    card: ModelCard,
    choices: Mapping[str, list[Choice]],
) -> ModelResult:
    """Return all measurements of the model ``name``."""
    by_family = headlines(predictions, name, card)
    groups, conditions = by_group(predictions, name, card), by_condition(predictions, name, card)
    return ModelResult(
        name=name,
        network=card.network,
        weights_sha256=card.sha256,
        licence=card.licence,
        data=card.data,
        min_face_px=card.min_face_px,
        thresholds=thresholds(card),
        headline=Family.UNSEEN.value if Family.UNSEEN in by_family else next(iter(by_family)),
        headlines=by_family,
        methods=by_method(predictions, name, card),
        groups=groups,
        conditions=conditions,
        video=by_level(clip_scores, name),
        bars=check_requirements(by_family, groups, conditions),
        shape=_figure_data(all_methods_set(predictions), name),
        choices=choices,
    )


def _figure_data(predictions: Predictions, model: str) -> FigureData:
    scores, forged = predictions.probabilities[model], predictions.forged
    curve = roc_curve(scores, forged, np.ones((1, len(predictions)), dtype=np.float32))
    fpr, tpr = curve.fpr[0].astype(np.float64), curve.tpr[0].astype(np.float64)
    roc = [(rate, float(tpr[fpr <= rate].max())) for rate in ROC_RATES.tolist()]
    reals, forgeries = (
        np.histogram(scores[side], HISTOGRAM_BINS, (0, 1))[0].tolist() for side in (~forged, forged)
    )
    return FigureData(roc, reliability(predictions, model), reals, forgeries)
