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


CREDENTIALS = finding(Label.DEEPFAKE, decisive=True, signal="credentials")  # trusted, made by AI
CLAIM = finding(None, signal="credentials")  # untrusted, invalid, or about something else
TRACES = finding(None, signal="metadata")
DENIAL = finding(Label.AUTHENTIC, decisive=True)  # such as: moderators found these media authentic
HINT = finding(Label.SUSPECTED)
ACCUSATION = finding(Label.DEEPFAKE)  # of a signal whose error rate does not allow it to decide
PRAISE = finding(Label.AUTHENTIC)


@pytest.mark.parametrize(
    ("findings", "model", "label"),
    [
        # A decisive finding sets the label; the model is not asked.
        ([CREDENTIALS], None, Label.DEEPFAKE),
        ([DENIAL], None, Label.AUTHENTIC),
        # Signals run in the order of their cost, and the first decisive one ends the examination.
        ([DENIAL, CREDENTIALS], None, Label.AUTHENTIC),
        ([CREDENTIALS, DENIAL], None, Label.DEEPFAKE),
        # It wins over whatever other signals said before, and over a refusal to decode.
        ([ACCUSATION, DENIAL], None, Label.AUTHENTIC),
        ([TRACES, CREDENTIALS], None, Label.DEEPFAKE),
        ([CREDENTIALS], Label.UNPROCESSABLE, Label.DEEPFAKE),
        # Findings without a label change nothing, whatever the model says.
        ([], Label.AUTHENTIC, Label.AUTHENTIC),
        ([CLAIM], Label.AUTHENTIC, Label.AUTHENTIC),
        ([TRACES], Label.NO_FACE, Label.NO_FACE),
        ([CLAIM, TRACES], Label.SUSPECTED, Label.SUSPECTED),
        ([CLAIM, TRACES], Label.DEEPFAKE, Label.DEEPFAKE),
        ([CLAIM, TRACES], Label.UNPROCESSABLE, Label.UNPROCESSABLE),
        # Any other accusation raises the label to suspected, and never tags alone.
        ([ACCUSATION], Label.AUTHENTIC, Label.SUSPECTED),
        ([HINT], Label.AUTHENTIC, Label.SUSPECTED),
        ([HINT], Label.NO_FACE, Label.SUSPECTED),
        ([HINT], Label.UNPROCESSABLE, Label.SUSPECTED),
        ([HINT], Label.DEEPFAKE, Label.DEEPFAKE),
        ([HINT, TRACES], Label.AUTHENTIC, Label.SUSPECTED),
        # Nothing but a decisive finding clears.
        ([PRAISE], Label.SUSPECTED, Label.SUSPECTED),
        ([PRAISE], Label.DEEPFAKE, Label.DEEPFAKE),
        ([PRAISE], Label.NO_FACE, Label.NO_FACE),
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
