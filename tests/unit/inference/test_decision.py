"""The rules that turn scores into a label, as tables of cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.decision import (
    FACES_TOO_SMALL,
    MIN_DECODED_SHARE,
    TOO_MANY_FACES,
    Decision,
    Thresholds,
    decide,
    label_of,
    track_score,
    with_unseen_parts,
)
from schemas.verdicts import Label, UnprocessableReason

THRESHOLDS = Thresholds(tag=0.9, suspect=0.5)


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (0.0, Label.AUTHENTIC),
        (0.4999, Label.AUTHENTIC),
        (0.5, Label.SUSPECTED),
        (0.8999, Label.SUSPECTED),
        (0.9, Label.DEEPFAKE),
        (1.0, Label.DEEPFAKE),
    ],
)
def test_a_score_at_a_threshold_gets_the_worse_label(score: float, label: Label) -> None:
    assert label_of(score, THRESHOLDS) is label


@pytest.mark.parametrize(("tag", "suspect"), [(0.5, 0.6), (1.1, 0.5), (0.5, -0.1)])
def test_thresholds_out_of_order_are_rejected(tag: float, suspect: float) -> None:
    with pytest.raises(ValueError, match="suspect <= tag"):
        Thresholds(tag, suspect)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([0.3], 0.3, id="one frame"),
        pytest.param([0.9] * 13 + [0.1] * 19, 0.9, id="13 confident frames of 32 decide alone"),
        pytest.param([0.9] * 12 + [0.1] * 20, 0.4, id="12 of 32 are not above two fifths: the mean"),
        pytest.param(
            [0.9] * 11 + [0.5] * 5, 0.775, id="11 confident frames are too few, whatever their share"
        ),
        pytest.param([0.1] * 30 + [0.9] * 2, 0.1, id="a few wild frames among real ones are left out"),
        pytest.param([0.1] * 9 + [0.9], 0.18, id="nine in ten is not over nine in ten"),
        pytest.param([0.4, 0.6], 0.5, id="unsure: the mean"),
    ],
)
def test_track_score(scores: list[float], expected: float) -> None:
    assert track_score(scores) == pytest.approx(expected)


def test_a_track_without_frames_has_no_score() -> None:
    with pytest.raises(ValueError, match="without frames"):
        track_score([])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=64))
def test_a_track_score_is_within_the_range_of_its_frames(scores: list[float]) -> None:
    assert min(scores) - 1e-9 <= track_score(scores) <= max(scores) + 1e-9


@pytest.mark.parametrize(
    ("tracks", "unjudged", "expected"),
    [
        pytest.param([], 0, Decision(Label.NO_FACE, None), id="no face"),
        pytest.param([], 2, Decision(Label.NO_FACE, None, FACES_TOO_SMALL), id="only small faces"),
        pytest.param([[0.2]], 3, Decision(Label.AUTHENTIC, 0.2), id="small faces and one judged face"),
        pytest.param([[0.2], [0.95], [0.6]], 0, Decision(Label.DEEPFAKE, 0.95), id="the worst face counts"),
        pytest.param(
            [[0.1] * 32, [0.95] * 32], 0, Decision(Label.DEEPFAKE, 0.95), id="the worst track counts"
        ),
    ],
)
def test_decide(tracks: list[list[float]], unjudged: int, expected: Decision) -> None:
    decided = decide(tracks, unjudged, THRESHOLDS)
    assert (decided.label, decided.note) == (expected.label, expected.note)
    assert decided.score == pytest.approx(expected.score)


@pytest.mark.parametrize(
    ("label", "share", "skipped", "expected"),
    [
        (Label.AUTHENTIC, 1.0, 0, Label.AUTHENTIC),
        (Label.AUTHENTIC, MIN_DECODED_SHARE, 0, Label.AUTHENTIC),
        (Label.AUTHENTIC, 0.89, 0, Label.UNPROCESSABLE),
        (Label.NO_FACE, 0.5, 0, Label.UNPROCESSABLE),
        (Label.NO_FACE, 1.0, 1, Label.SUSPECTED),
        (Label.AUTHENTIC, 1.0, 1, Label.SUSPECTED),
        (Label.AUTHENTIC, 0.5, 1, Label.UNPROCESSABLE),
        (Label.DEEPFAKE, 0.1, 100, Label.DEEPFAKE),
        (Label.SUSPECTED, 0.1, 100, Label.SUSPECTED),
    ],
)
def test_what_was_not_seen_is_not_cleared(label: Label, share: float, skipped: int, expected: Label) -> None:
    seen = Decision(label, 0.1)

    decision = with_unseen_parts(seen, decoded_share=share, fault="cut", skipped_faces=skipped)

    assert decision.label is expected
    assert (decision.reason is UnprocessableReason.TRUNCATED) == (expected is Label.UNPROCESSABLE)
    if expected is Label.UNPROCESSABLE:
        assert decision.note == f"only {share:.0%} of it can be decoded: cut"
    elif expected is not label:
        assert decision.note == TOO_MANY_FACES
