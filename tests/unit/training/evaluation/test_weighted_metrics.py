"""Weighted metrics: known values and properties."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.evaluation.weighted_metrics import (
    average_precision,
    calibration_error,
    chance_calibration_error,
    confusion_at,
    equal_error_rate,
    roc_auc,
    roc_curve,
    tpr_at_fpr,
)
from training.measures import auc, expected_calibration_error

MEASURES = (roc_auc, average_precision, equal_error_rate, lambda curve: tpr_at_fpr(curve, 0.1))

# Scores on a grid, so that ties occur and a monotone transform preserves them.
pictures = st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=2, max_size=30).filter(
    lambda sample: {forged for _, forged in sample} == {True, False}
)


def arrays(sample):
    scores, forged = (np.array(column) for column in zip(*sample, strict=True))
    return scores / 50, forged, np.ones((1, len(scores)), dtype=np.float32)


def curve_of(sample):
    return roc_curve(*arrays(sample))


@pytest.mark.parametrize(
    ("reals", "forgeries", "auc_", "precision", "eer"),
    [
        ([0.1, 0.2], [0.8, 0.9], 1.0, 1.0, 0.0),
        ([0.8, 0.9], [0.1, 0.2], 0.0, (1 / 3 + 2 / 4) / 2, 1.0),
        ([0.5], [0.5], 0.5, 0.5, 0.5),  # a tie
        ([0.1, 0.6], [0.4, 0.9], 0.75, (1 / 1 + 2 / 3) / 2, 0.5),
        ([0.1, 0.2, 0.3, 0.8], [0.4, 0.5, 0.6, 0.7], 0.75, (1 / 2 + 2 / 3 + 3 / 4 + 4 / 5) / 4, 0.25),
    ],
)
def test_measures_by_hand(reals, forgeries, auc_, precision, eer):
    sample = [(score * 50, False) for score in reals] + [(score * 50, True) for score in forgeries]
    curve = curve_of(sample)
    assert roc_auc(curve) == pytest.approx(auc_)
    assert average_precision(curve) == pytest.approx(precision)
    assert equal_error_rate(curve) == pytest.approx(eer)


def test_tpr_at_fpr():
    # given ten reals and, above the highest of them, one of two forgeries
    scores = np.array([*np.arange(10) / 10, 0.95, 0.85])
    forged = np.arange(12) >= 10
    curve = roc_curve(scores, forged, np.ones((1, 12), dtype=np.float32))

    # then one forgery is detected at an FPR of 0, and both at 0.1
    assert tpr_at_fpr(curve, 0.0) == 0.5
    assert tpr_at_fpr(curve, 0.1) == 1.0


def test_a_score_at_the_threshold_counts_as_positive():
    scores, forged = np.array([0.5, 0.4, 0.5, 0.9]), np.array([False, False, True, True])
    confusion = confusion_at(0.5, scores, forged, np.ones((1, 4), dtype=np.float32))
    assert [
        confusion.true_negatives.item(),
        confusion.false_positives.item(),
        confusion.false_negatives.item(),
        confusion.true_positives.item(),
    ] == [1, 1, 0, 2]
    assert confusion.accuracy == 0.75
    assert confusion.precision == pytest.approx(2 / 3)
    assert confusion.recall == 1.0
    assert confusion.f1 == pytest.approx(0.8)
    assert confusion.fpr == 0.5


@given(pictures)
def test_auc_and_calibration_match_the_unweighted_functions(sample):
    scores, forged, ones = arrays(sample)
    assert roc_auc(roc_curve(scores, forged, ones)) == pytest.approx(
        auc(scores[~forged], scores[forged]), abs=1e-6
    )
    plain = expected_calibration_error(scores, forged.astype(float))
    assert calibration_error(scores, forged, ones) == pytest.approx(plain, abs=1e-6)


@given(pictures)
def test_metrics_depend_on_ranks_only(sample):
    transformed = [(score**3 + 2 * score, forged) for score, forged in sample]
    for measure in MEASURES:
        assert measure(curve_of(transformed)) == measure(curve_of(sample))


@given(pictures)
def test_metrics_are_shares(sample):
    for measure in MEASURES:
        assert -1e-6 <= measure(curve_of(sample)).item() <= 1 + 1e-6


@given(pictures, st.floats(0, 1), st.floats(0, 1))
def test_tpr_does_not_fall_with_fpr(sample, first, second):
    curve = curve_of(sample)
    assert tpr_at_fpr(curve, min(first, second)) <= tpr_at_fpr(curve, max(first, second))


@given(pictures)
def test_metrics_are_symmetric_in_the_classes(sample):
    inverted = [(50 - score, not forged) for score, forged in sample]
    assert roc_auc(curve_of(inverted)) == pytest.approx(roc_auc(curve_of(sample)).item(), abs=1e-6)
    assert equal_error_rate(curve_of(inverted)) == pytest.approx(
        equal_error_rate(curve_of(sample)).item(), abs=1e-6
    )


@given(pictures, st.integers(0, 2**32))
def test_weights_are_equivalent_to_copies(sample, seed):
    scores, forged, _ = arrays(sample)
    counts = np.random.default_rng(seed).integers(0, 4, len(scores))
    assume(counts[forged].any() and counts[~forged].any())
    copied = [pair for pair, copies in zip(sample, counts, strict=True) for _ in range(copies)]
    weighted = roc_curve(scores, forged, counts[None].astype(np.float32))
    for measure in MEASURES:
        assert measure(weighted) == pytest.approx(measure(curve_of(copied)).item(), abs=1e-6)


def test_rows_of_weights_are_independent():
    scores, forged = np.array([0.1, 0.6, 0.4, 0.9]), np.array([False, False, True, True])
    weights = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 0, 1, 1]], dtype=np.float32)
    sample = roc_auc(roc_curve(scores, forged, weights))
    assert sample[:2].tolist() == [0.75, 1.0]
    assert np.isnan(sample[2])  # the row contains no real picture


def test_chance_calibration_error():
    # given perfectly calibrated probabilities of few and of many pictures
    rng = np.random.default_rng(0)
    few, more = rng.random(100), rng.random(10_000)

    # then the chance error is large for few, small for many, and zero for certain predictions
    assert 0.05 < chance_calibration_error(few) < 0.15
    assert chance_calibration_error(more) < 0.02
    assert chance_calibration_error(np.array([0.0, 1.0, 1.0])) == 0.0

    # and it equals the mean error of simulated labels
    ones = np.ones((1, 100), dtype=np.float32)
    simulated = [calibration_error(few, rng.random(100) < few, ones).item() for _ in range(300)]
    assert chance_calibration_error(few) == pytest.approx(np.mean(simulated), abs=0.005)
