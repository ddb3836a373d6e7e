"""The evidence of a batch: within its time, the worst first, and never at the cost of the verdict."""

from collections.abc import Iterator

import pytest

from inference.analysis import MediaAnalysis
from inference.evidence import Evidence
from inference.media.decoded import DecodedMedia
from pipeline.consumers.detection.explanations import AnalysedMedia, evidence
from pipeline.runtime import metrics
from pipeline.settings import ExplainSettings
from schemas.verdicts import Label
from tests.unit.inference.explanation.analyses import analysis, face, media

PATIENT = ExplainSettings(budget_seconds=60.0)  # a busy machine is no reason to leave one out
HEAT = Evidence("face-0-heat.jpg", "image/jpeg", b"heat")


class Explainer:
    """Stands in for the detector: notes whom it explains, and fails on one score."""

    def __init__(self, *, fails_on: float | None = None) -> None:
        self.asked: list[float | None] = []
        self._fails_on = fails_on

    def explain(
        self, media: DecodedMedia, analysis: MediaAnalysis, budget_seconds: float
    ) -> Iterator[Evidence]:
        self.asked.append(analysis.score)
        if budget_seconds <= 0:
            return
        yield HEAT
        if analysis.score == self._fails_on:
            raise RuntimeError("out of memory")


def analysed(*scores: float) -> list[AnalysedMedia]:
    return [
        (media(), analysis(face(score), label=Label.SUSPECTED if score >= 0.6 else Label.AUTHENTIC))
        for score in scores
    ]


def names(shown: list[list[Evidence]]) -> list[list[str]]:
    return [[one.name for one in pictures] for pictures in shown]


def outcomes() -> dict[str, float]:
    return {
        outcome: metrics.EXPLANATIONS.labels(outcome)._value.get()
        for outcome in ("complete", "cut_short", "failed")
    }


@pytest.fixture
def counted() -> dict[str, float]:
    """The counts before the test; they are the process's, so tests look at what they added."""
    return outcomes()


def since(before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in outcomes().items() if value != before[name]}


def test_flagged_media_are_explained_the_worst_first(counted: dict[str, float]) -> None:
    explainer = Explainer()

    shown = evidence(explainer, analysed(0.7, 0.1, 0.9), PATIENT)

    assert names(shown) == [["face-0.jpg", HEAT.name], [], ["face-0.jpg", HEAT.name]]
    assert explainer.asked == [0.9, 0.7]
    assert since(counted) == {"complete": 2}


def test_switched_off_the_crops_are_left(counted: dict[str, float]) -> None:
    explainer = Explainer()

    shown = evidence(explainer, analysed(0.7), ExplainSettings(enabled=False))

    assert names(shown) == [["face-0.jpg"]]
    assert explainer.asked == []
    assert since(counted) == {}


def test_without_time_the_crops_are_left_and_that_is_counted(counted: dict[str, float]) -> None:
    shown = evidence(Explainer(), analysed(0.7, 0.9), ExplainSettings(budget_seconds=0.0))

    assert names(shown) == [["face-0.jpg"], ["face-0.jpg"]]
    assert since(counted) == {"cut_short": 2}


def test_a_failure_costs_neither_the_crops_nor_the_others(counted: dict[str, float]) -> None:
    shown = evidence(Explainer(fails_on=0.9), analysed(0.7, 0.9), PATIENT)

    assert names(shown) == [["face-0.jpg", HEAT.name], ["face-0.jpg", HEAT.name]]
    assert since(counted) == {"complete": 1, "failed": 1}
