"""The evidence of a batch: highest scores first, within the time budget, and tolerant of failures."""

from collections.abc import Iterator

import pytest

from inference.analysis import MediaAnalysis
from inference.evidence import Evidence
from inference.media.decoded import DecodedMedia
from pipeline.consumers.detection import explanations
from pipeline.consumers.detection.explanations import AnalysedMedia, evidence
from pipeline.runtime import metrics
from pipeline.settings import ExplainSettings
from schemas.verdicts import Label
from tests.unit.inference.explanation.analyses import analysis, face, media

ENOUGH_TIME = ExplainSettings(budget_seconds=60.0)  # also on a busy machine
HEAT_MAP = Evidence("face-0-heat.jpg", "image/jpeg", b"heat")


class FakeDetector:
    """Records the scores of the media items that it explains, and fails for one score."""

    def __init__(self, *, fails_on: float | None = None) -> None:
        self.explained: list[float | None] = []
        self._fails_on = fails_on

    def explain(
        self, media: DecodedMedia, analysis: MediaAnalysis, budget_seconds: float
    ) -> Iterator[Evidence]:
        self.explained.append(analysis.score)
        if budget_seconds <= 0:
            return
        yield HEAT_MAP
        if analysis.score == self._fails_on:
            raise RuntimeError("out of memory")


def analysed(*scores: float) -> list[AnalysedMedia]:
    return [
        (media(), analysis(face(score), label=Label.SUSPECTED if score >= 0.6 else Label.AUTHENTIC))
        for score in scores
    ]


def names(evidence_by_media: list[list[Evidence]]) -> list[list[str]]:
    return [[picture.name for picture in pictures] for pictures in evidence_by_media]


def outcomes() -> dict[str, float]:
    return {
        outcome: metrics.EXPLANATIONS.labels(outcome)._value.get()
        for outcome in ("complete", "cut_short", "failed")
    }


@pytest.fixture
def counts_before() -> dict[str, float]:
    """The counters before the test. They are shared by the process, so tests compare differences."""
    return outcomes()


def increments(before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in outcomes().items() if value != before[name]}


def test_flagged_media_items_are_explained_by_descending_score(counts_before: dict[str, float]) -> None:
    detector = FakeDetector()

    pictures = evidence(detector, analysed(0.7, 0.1, 0.9), ENOUGH_TIME)

    assert names(pictures) == [["face-0.jpg", HEAT_MAP.name], [], ["face-0.jpg", HEAT_MAP.name]]
    assert detector.explained == [0.9, 0.7]
    assert increments(counts_before) == {"complete": 2}


def test_face_crops_are_kept_when_explanations_are_disabled(counts_before: dict[str, float]) -> None:
    detector = FakeDetector()

    pictures = evidence(detector, analysed(0.7), ExplainSettings(enabled=False))

    assert names(pictures) == [["face-0.jpg"]]
    assert detector.explained == []
    assert increments(counts_before) == {}


def test_face_crops_are_kept_when_there_is_no_time_and_that_is_counted(
    counts_before: dict[str, float],
) -> None:
    pictures = evidence(FakeDetector(), analysed(0.7, 0.9), ExplainSettings(budget_seconds=0.0))

    assert names(pictures) == [["face-0.jpg"], ["face-0.jpg"]]
    assert increments(counts_before) == {"cut_short": 2}


def test_failed_explanation_keeps_the_pictures_drawn_before_and_the_other_media_items(
    counts_before: dict[str, float],
) -> None:
    pictures = evidence(FakeDetector(fails_on=0.9), analysed(0.7, 0.9), ENOUGH_TIME)

    assert names(pictures) == [["face-0.jpg", HEAT_MAP.name], ["face-0.jpg", HEAT_MAP.name]]
    assert increments(counts_before) == {"complete": 1, "failed": 1}


def test_verdict_goes_out_without_crops_if_they_cannot_be_cut(
    monkeypatch: pytest.MonkeyPatch, counts_before: dict[str, float]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("the face lies outside the frame")

    monkeypatch.setattr(explanations, "face_crops", fail)

    found = evidence(FakeDetector(), analysed(0.9), ExplainSettings(enabled=False))

    assert found == [[]]
    assert outcomes()["failed"] == counts_before["failed"] + 1
