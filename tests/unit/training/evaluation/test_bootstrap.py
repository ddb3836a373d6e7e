"""Intervals: people are resampled, and the interval is as wide as chance."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.bootstrap import RESAMPLES, draw, estimate
from training.evaluation.curve import area, trace


def test_pictures_of_a_person_are_drawn_together():
    # given two people with two pictures each
    weights = draw(np.array(["a", "b", "a", "b"]), resamples=50)

    # then the first row is the sample, and the others draw two people whole
    assert weights[0].tolist() == [1, 1, 1, 1]
    assert np.array_equal(weights[:, 0], weights[:, 2])
    assert np.array_equal(weights[:, 1], weights[:, 3])
    assert set((weights[:, 0] + weights[:, 1]).tolist()) == {2}
    assert {tuple(row) for row in weights[1:, :2].tolist()} == {(0, 2), (1, 1), (2, 0)}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100))
def test_interval_holds_the_estimate(values):
    found = estimate(np.array(values))
    assert found.low <= found.value <= found.high


def test_resamples_without_the_measure_are_left_out():
    found = estimate(np.array([0.5, np.nan, 0.4, 0.6]))
    assert (found.value, round(found.low, 3), round(found.high, 3)) == (0.5, 0.405, 0.595)
    assert np.isnan(estimate(np.array([np.nan, 0.4])).value)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    # given 200 samples of 100 people with one picture, of whom 30 % are wronged
    rng = np.random.default_rng(0)
    samples = (rng.random((200, 100)) < 0.3).astype(float)
    weights = draw(np.arange(100).astype(str), resamples=400)

    # when the share is estimated with its interval
    found = [estimate(weights @ sample / weights.sum(axis=1)) for sample in samples]

    # then about 95 % of the intervals hold it
    assert 0.9 <= np.mean([one.low <= 0.3 <= one.high for one in found]) <= 0.99


def test_pictures_of_few_people_make_wide_intervals():
    # given the same scores of 200 pictures, by 200 people and by 10
    rng = np.random.default_rng(1)
    forged = np.arange(200) % 2 == 1
    person = np.arange(200) // 20
    scores = forged + rng.normal(0, 1, 10)[person] + rng.normal(0, 0.3, 200)

    def width(units):
        found = estimate(area(trace(scores, forged, draw(units))))
        return found.high - found.low

    assert width(person.astype(str)) > 1.3 * width(np.arange(200).astype(str))


def test_a_thousand_resamples_take_seconds():
    rng = np.random.default_rng(2)
    forged = np.arange(4_000) % 2 == 1
    start = time.process_time()
    found = area(trace(rng.random(4_000), forged, draw((np.arange(4_000) // 4).astype(str))))
    assert len(found) == RESAMPLES + 1
    assert time.process_time() - start < 5
