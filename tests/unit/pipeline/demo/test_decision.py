"""Who decided on a demo post."""

import pytest

from pipeline.demo.decision import decided_by, findings
from schemas.verdicts import Label, UnprocessableReason, VerdictIssued
from tests.unit.pipeline.demo.demo_verdicts import finding, verdict

DEEPFAKE, SUSPECTED, AUTHENTIC = Label.DEEPFAKE, Label.SUSPECTED, Label.AUTHENTIC
KNOWN = finding("known_media", DEEPFAKE, decisive=True)
MARK = finding("watermark", DEEPFAKE, decisive=True)
CUT = finding("watermark", SUSPECTED)
TRACES = finding("metadata")
TRUNCATED = UnprocessableReason.TRUNCATED


@pytest.mark.parametrize(
    ("answer", "decider"),
    [
        (verdict(AUTHENTIC, score=0.1), "model"),
        (verdict(Label.NO_FACE, TRACES), "model"),
        (verdict(DEEPFAKE, CUT, score=0.99), "model"),
        (verdict(SUSPECTED, CUT, score=0.1), "watermark"),
        (verdict(DEEPFAKE, KNOWN), "known_media"),
        (verdict(DEEPFAKE, TRACES, MARK), "watermark"),
        (verdict(AUTHENTIC, score=0.1, reused=True), "earlier_analysis"),
        (verdict(DEEPFAKE, MARK, reused=True), "earlier_analysis"),
        (verdict(DEEPFAKE, KNOWN, MARK, reused=True), "known_media"),
        (verdict(Label.UNPROCESSABLE, reason=TRUNCATED), "file_check"),
        (verdict(Label.UNPROCESSABLE).model_copy(update={"media": ()}), "file_check"),
    ],
)
def test_decider(answer: VerdictIssued, decider: str) -> None:
    assert decided_by(answer) == decider


def test_all_findings_are_told_also_those_that_decide_nothing() -> None:
    assert findings(verdict(DEEPFAKE, TRACES, MARK)) == {
        "metadata": "what metadata found",
        "watermark": "what watermark found",
    }
