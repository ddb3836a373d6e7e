"""Weighted measures: against values worked out by hand, and what must hold for any scores."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.evaluation.curve import (
    area,
    average_precision,
    calibration_gap,
    chance_gap,
    decide_at,
    equal_error_rate,
    finds_at,
    trace,
)
from training.measures import auc, expected_calibration_error

MEASURES = (area, average_precision, equal_error_rate, lambda curve: finds_at(curve, 0.1))

# Scores on a grid, so that ties happen and a monotone map keeps them.
pictures = st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=2, max_size=30).filter(
    lambda found: {forged for _, forged in found} == {True, False}
)


def arrays(found):
    scores, forged = (np.array(column) for column in zip(*found, strict=True))
    return scores / 50, forged, np.ones((1, len(scores)), dtype=np.float32)


def curve_of(found):
    return trace(*arrays(found))


@pytest.mark.parametrize(
    ("reals", "forgeries", "auc_", "precision", "eer"),
    [
        ([0.1, 0.2], [0.8, 0.9], 1.0, 1.0, 0.0),
        ([0.8, 0.9], [0.1, 0.2], 0.0, (1 / 3 + 2 / 4) / 2, 1.0),
        ([0.5], [0.5], 0.5, 0.5, 0.5),  # a tie: named together
        ([0.1, 0.6], [0.4, 0.9], 0.75, (1 / 1 + 2 / 3) / 2, 0.5),
        ([0.1, 0.2, 0.3, 0.8], [0.4, 0.5, 0.6, 0.7], 0.75, (1 / 2 + 2 / 3 + 3 / 4 + 4 / 5) / 4, 0.25),
    ],
)
def test_measures_by_hand(reals, forgeries, auc_, precision, eer):
    found = [(score * 50, False) for score in reals] + [(score * 50, True) for score in forgeries]
    curve = curve_of(found)
    assert area(curve) == pytest.approx(auc_)
    assert average_precision(curve) == pytest.approx(precision)
    assert equal_error_rate(curve) == pytest.approx(eer)


def test_finds_are_those_above_the_reals_that_may_pass():
    # given ten reals and, above the highest of them, one of two forgeries
    scores = np.array([*np.arange(10) / 10, 0.95, 0.85])
    forged = np.arange(12) >= 10
    curve = trace(scores, forged, np.ones((1, 12), dtype=np.float32))

    # then one is found when no real may pass, both when one of ten may
    assert finds_at(curve, 0.0) == 0.5
    assert finds_at(curve, 0.1) == 1.0


def test_decisions_count_what_is_at_the_threshold_as_said_to_be_forged():
    scores, forged = np.array([0.5, 0.4, 0.5, 0.9]), np.array([False, False, True, True])
    made = decide_at(0.5, scores, forged, np.ones((1, 4), dtype=np.float32))
    assert [side.item() for side in (made.passed, made.wronged, made.missed, made.found)] == [1, 1, 0, 2]
    assert made.accuracy == 0.75
    assert made.precision == pytest.approx(2 / 3)
    assert made.recall == 1.0
    assert made.f1 == pytest.approx(0.8)
    assert made.fpr == 0.5


@given(pictures)
def test_area_and_calibration_are_those_of_the_plain_functions(found):
    scores, forged, ones = arrays(found)
    assert area(trace(scores, forged, ones)) == pytest.approx(auc(scores[~forged], scores[forged]), abs=1e-6)
    plain = expected_calibration_error(scores, forged.astype(float))
    assert calibration_gap(scores, forged, ones) == pytest.approx(plain, abs=1e-6)


@given(pictures)
def test_ranks_alone_decide(found):
    bent = [(score**3 + 2 * score, forged) for score, forged in found]
    for measure in MEASURES:
        assert measure(curve_of(bent)) == measure(curve_of(found))


@given(pictures)
def test_measures_are_shares(found):
    for measure in MEASURES:
        assert -1e-6 <= measure(curve_of(found)).item() <= 1 + 1e-6


@given(pictures, st.floats(0, 1), st.floats(0, 1))
def test_more_false_alarms_never_find_fewer(found, one, other):
    curve = curve_of(found)
    assert finds_at(curve, min(one, other)) <= finds_at(curve, max(one, other))


@given(pictures)
def test_turning_scores_and_truth_around_changes_nothing(found):
    turned = [(50 - score, not forged) for score, forged in found]
    assert area(curve_of(turned)) == pytest.approx(area(curve_of(found)).item(), abs=1e-6)
    assert equal_error_rate(curve_of(turned)) == pytest.approx(
        equal_error_rate(curve_of(found)).item(), abs=1e-6
    )


@given(pictures, st.integers(0, 2**32))
def test_a_weight_is_a_number_of_copies(found, seed):
    scores, forged, _ = arrays(found)
    counts = np.random.default_rng(seed).integers(0, 4, len(scores))
    assume(counts[forged].any() and counts[~forged].any())
    copied = [pair for pair, copies in zip(found, counts, strict=True) for _ in range(copies)]
    weighted = trace(scores, forged, counts[None].astype(np.float32))
    for measure in MEASURES:
        assert measure(weighted) == pytest.approx(measure(curve_of(copied)).item(), abs=1e-6)


def test_rows_of_weights_do_not_see_each_other():
    scores, forged = np.array([0.1, 0.6, 0.4, 0.9]), np.array([False, False, True, True])
    weights = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 0, 1, 1]], dtype=np.float32)
    found = area(trace(scores, forged, weights))
    assert found[:2].tolist() == [0.75, 1.0]
    assert np.isnan(found[2])  # no real picture was drawn


def test_few_pictures_show_a_calibration_error_by_chance():
    # given right probabilities, for few pictures and for many
    rng = np.random.default_rng(0)
    few, many = rng.random(100), rng.random(10_000)

    # then chance shows much of an error for the few, little for the many, and none where all is certain
    assert 0.05 < chance_gap(few) < 0.15
    assert chance_gap(many) < 0.02
    assert chance_gap(np.array([0.0, 1.0, 1.0])) == 0.0

    # and it is what right probabilities show on the average
    ones = np.ones((1, 100), dtype=np.float32)
    seen = [calibration_gap(few, rng.random(100) < few, ones).item() for _ in range(300)]
    assert chance_gap(few) == pytest.approx(np.mean(seen), abs=0.005)
