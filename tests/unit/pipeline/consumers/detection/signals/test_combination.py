"""How signals and the model combine into the label of a media item."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.consumers.detection.signals.combination import combine, combined_label, decided_verdict
from schemas.verdicts import Label, MediaVerdict, SignalFinding, UnprocessableReason

SHA256 = "1" * 64


def finding(label: Label | None, *, decisive: bool = False, signal: str = "s") -> SignalFinding:
    return SignalFinding(
        signal=signal, version="1", label=label, decisive=decisive, detail="matches a known file"
    )


@pytest.mark.parametrize(
    ("findings", "model", "label"),
    [
        ([], Label.AUTHENTIC, Label.AUTHENTIC),
        ([finding(None)], Label.DEEPFAKE, Label.DEEPFAKE),
        ([finding(Label.DEEPFAKE, decisive=True)], None, Label.DEEPFAKE),
        ([finding(Label.AUTHENTIC, decisive=True)], None, Label.AUTHENTIC),
        ([finding(Label.DEEPFAKE), finding(Label.AUTHENTIC, decisive=True)], None, Label.AUTHENTIC),
        ([finding(Label.DEEPFAKE)], Label.AUTHENTIC, Label.SUSPECTED),
        ([finding(Label.SUSPECTED)], Label.NO_FACE, Label.SUSPECTED),
        ([finding(Label.SUSPECTED)], Label.UNPROCESSABLE, Label.SUSPECTED),
        ([finding(Label.SUSPECTED)], Label.DEEPFAKE, Label.DEEPFAKE),
        ([finding(Label.AUTHENTIC)], Label.SUSPECTED, Label.SUSPECTED),
    ],
)
def test_label(findings: list[SignalFinding], model: Label | None, label: Label) -> None:
    assert combined_label(findings, model) is label


FINDINGS = st.lists(st.builds(finding, st.none() | st.sampled_from(Label)), max_size=4)


@given(findings=FINDINGS, model=st.sampled_from(Label))
def test_label_is_deepfake_without_a_decisive_finding_only_if_the_model_says_so(
    findings: list[SignalFinding], model: Label
) -> None:
    assert (combined_label(findings, model) is Label.DEEPFAKE) == (model is Label.DEEPFAKE)


@given(findings=FINDINGS)
def test_label_needs_the_model_or_a_decisive_finding(findings: list[SignalFinding]) -> None:
    with pytest.raises(ValueError, match="no finding is decisive"):
        combined_label(findings, None)


def test_refusal_keeps_its_reason_only_while_the_label_is_unprocessable() -> None:
    refusal = MediaVerdict(
        uri="s3://b/a",
        label=Label.UNPROCESSABLE,
        score=None,
        threshold=None,
        reason=UnprocessableReason.TRUNCATED,
    )

    assert combine(refusal, [finding(None)]).reason is UnprocessableReason.TRUNCATED
    assert combine(refusal, [finding(Label.SUSPECTED)]).reason is None


def test_decided_verdict_has_no_score_and_explains_itself() -> None:
    findings = [finding(None), finding(Label.DEEPFAKE, decisive=True, signal="known-media")]

    verdict = decided_verdict("s3://b/a", SHA256, findings)

    assert (verdict.label, verdict.score, verdict.threshold) == (Label.DEEPFAKE, None, None)
    assert (verdict.detail, verdict.signals) == ("matches a known file", tuple(findings))
