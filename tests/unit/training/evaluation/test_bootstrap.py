"""Confidence intervals by resampling people."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.bootstrap import RESAMPLES, estimate, resample_weights
from training.evaluation.weighted_metrics import roc_auc, roc_curve


def test_pictures_of_a_person_are_resampled_together():
    # given two people with two pictures each
    weights = resample_weights(np.array(["a", "b", "a", "b"]), resamples=50)

    # then the first row is the sample, and each other row samples two people with all their pictures
    assert weights[0].tolist() == [1, 1, 1, 1]
    assert np.array_equal(weights[:, 0], weights[:, 2])
    assert np.array_equal(weights[:, 1], weights[:, 3])
    assert set((weights[:, 0] + weights[:, 1]).tolist()) == {2}
    assert {tuple(row) for row in weights[1:, :2].tolist()} == {(0, 2), (1, 1), (2, 0)}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100))
def test_interval_contains_the_estimate(values):
    interval = estimate(np.array(values))
    assert interval.low <= interval.value <= interval.high


def test_nan_resamples_are_ignored():
    interval = estimate(np.array([0.5, np.nan, 0.4, 0.6]))
    assert (interval.value, round(interval.low, 3), round(interval.high, 3)) == (0.5, 0.405, 0.595)
    assert np.isnan(estimate(np.array([np.nan, 0.4])).value)


def test_coverage_of_the_interval():
    # given 200 samples of 100 people with one picture each, of which 30 % are false positives
    rng = np.random.default_rng(0)
    samples = (rng.random((200, 100)) < 0.3).astype(float)
    weights = resample_weights(np.arange(100).astype(str), resamples=400)

    # when the rate is estimated with its interval
    estimates = [estimate(weights @ sample / weights.sum(axis=1)) for sample in samples]

    # then about 95 % of the intervals contain the true rate
    assert 0.9 <= np.mean([interval.low <= 0.3 <= interval.high for interval in estimates]) <= 0.99


def test_few_people_give_wide_intervals():
    # given the same scores of 200 pictures, assigned to 200 people and to 10
    rng = np.random.default_rng(1)
    forged = np.arange(200) % 2 == 1
    person = np.arange(200) // 20
    scores = forged + rng.normal(0, 1, 10)[person] + rng.normal(0, 0.3, 200)

    def width(units):
        interval = estimate(roc_auc(roc_curve(scores, forged, resample_weights(units))))
        return interval.high - interval.low

    assert width(person.astype(str)) > 1.3 * width(np.arange(200).astype(str))


def test_a_thousand_resamples_take_seconds():
    rng = np.random.default_rng(2)
    forged = np.arange(4_000) % 2 == 1
    start = time.process_time()
    aucs = roc_auc(
        roc_curve(rng.random(4_000), forged, resample_weights((np.arange(4_000) // 4).astype(str)))
    )
    assert len(aucs) == RESAMPLES + 1
    assert time.process_time() - start < 5
