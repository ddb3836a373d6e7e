"""Everything a report tells, as one value that becomes JSON, figures and a page."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from inference.card import ModelCard
from training.evaluation.aggregation import Choice
from training.evaluation.answers import Answers
from training.evaluation.bars import Bar, bars
from training.evaluation.curve import trace
from training.evaluation.headline import Headline, everything, headlines, reliability, thresholds
from training.evaluation.methods import Family
from training.evaluation.rows import Row, by_condition, by_group, by_method
from training.evaluation.video import Filmed, VideoRow, by_level

HISTOGRAM_BINS = 25
ROC_RATES = np.concatenate([[0.0], np.logspace(-3, 0, 121)])  # false-positive rates at which the ROC is told


@dataclass(frozen=True, slots=True)
class Shape:
    """What figures draw: ROC (rate, finds), reliability (said, true, count), histograms of both classes."""

    roc: list[tuple[float, float]]
    reliability: list[tuple[float, float, int]]
    reals: list[int]
    forgeries: list[int]


@dataclass(frozen=True, slots=True)
class ModelResult:
    """All that was measured of one model. ``headline`` names the set whose figures stand on top."""

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
    bars: list[Bar]
    shape: Shape
    choices: Mapping[str, list[Choice]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the models were asked about; ``resamples`` is of the intervals."""

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
        """Return the result as JSON; what could not be measured is null."""
        return json.dumps(_without_nan(asdict(self)), indent=1, ensure_ascii=False) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def measure(
    answers: Answers, filmed: Filmed, name: str, card: ModelCard, choices: Mapping[str, list[Choice]]
) -> ModelResult:
    """Return everything that the answers say of the model ``name``."""
    tops = headlines(answers, name, card)
    groups, conditions = by_group(answers, name, card), by_condition(answers, name, card)
    top = Family.UNSEEN.value if Family.UNSEEN in tops else next(iter(tops))
    return ModelResult(
        name=name,
        network=card.network,
        weights_sha256=card.sha256,
        licence=card.licence,
        data=card.data,
        min_face_px=card.min_face_px,
        thresholds=thresholds(card),
        headline=top,
        headlines=tops,
        methods=by_method(answers, name, card),
        groups=groups,
        conditions=conditions,
        video=by_level(filmed, name),
        bars=bars(tops, groups, conditions),
        shape=_shape(everything(answers), name),
        choices=choices,
    )


def _shape(answers: Answers, model: str) -> Shape:
    scores, forged = answers.probabilities[model], answers.forged
    curve = trace(scores, forged, np.ones((1, len(answers)), dtype=np.float32))
    fpr, tpr = curve.fpr[0].astype(np.float64), curve.tpr[0].astype(np.float64)
    finds = [float(tpr[fpr <= rate].max()) for rate in ROC_RATES]
    counts = [np.histogram(scores[side], HISTOGRAM_BINS, (0, 1))[0].tolist() for side in (~forged, forged)]
    return Shape(
        list(zip(ROC_RATES.tolist(), finds, strict=True)), reliability(answers, model), counts[0], counts[1]
    )
