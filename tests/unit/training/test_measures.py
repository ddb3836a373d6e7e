"""Metrics compared with values computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.measures import (
    auc,
    calibrate,
    expected_calibration_error,
    rate_at_or_above,
    tail_threshold,
    threshold_at,
)


@pytest.mark.parametrize(
    ("reals", "forgeries", "expected"),
    [
        ([0.1, 0.2], [0.8, 0.9], 1.0),
        ([0.8, 0.9], [0.1, 0.2], 0.0),
        ([0.5, 0.5], [0.5], 0.5),
        ([0.1, 0.5], [0.5, 0.4], 0.625),
    ],
)
def test_auc_is_the_probability_of_correct_order(reals, forgeries, expected):
    assert auc(np.array(reals), np.array(forgeries)) == expected


@given(
    scores=st.lists(st.floats(0, 1), min_size=10, max_size=200), rate=st.sampled_from([0.001, 0.02, 0.1, 0.5])
)
def test_threshold_does_not_exceed_the_rate(scores, rate):
    reals = np.array(scores)
    assert rate_at_or_above(reals, threshold_at(reals, rate)) <= rate


def test_threshold_uses_the_full_rate():
    reals = np.arange(1000) / 1000
    assert rate_at_or_above(reals, threshold_at(reals, 0.02)) == 0.02


def test_tail_threshold_needs_fewer_scores_than_counting():
    # given 20,000 exponential scores: e^-x of them are above x
    reals = np.random.default_rng(0).exponential(size=20_000)

    # then the threshold for one in a thousand is near ln(1000), and not below the counted one
    found = tail_threshold(reals, 0.001, beyond=0.02)
    assert found == pytest.approx(6.9, abs=0.5)
    assert found >= threshold_at(reals, 0.001)


def test_calibration_finds_the_temperature_and_the_bias():
    # given logits that are three times too large and shifted
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, 40_000)
    labels = rng.random(true.size) < 1 / (1 + np.exp(-true))
    logits = 3 * true + 1.5

    # when calibrated
    found = calibrate(logits[~labels], logits[labels])

    # then the true logits are recovered
    assert found.temperature == pytest.approx(3, rel=0.05)
    assert found.bias == pytest.approx(-0.5, abs=0.05)
    assert expected_calibration_error(found.probabilities(logits), labels.astype(float)) < 0.01


def test_calibration_error_is_the_gap():
    # given a probability of 0.9 where half of the pictures are forged
    assert expected_calibration_error(np.full(10, 0.9), np.array([0.0, 1.0] * 5)) == pytest.approx(0.4)
