"""Sampling of photographs: test split only, balanced over groups."""

from collections import Counter

import numpy as np
import pytest

from training.datasets import Photo
from training.errors import NoPhotographsError
from training.evaluation.sampling import age_band, sample_photos
from training.splits import Split, split_of

NOWHERE = (np.zeros(4, np.float32), np.zeros((5, 2), np.float32), b"")


def photographs(count, collection, group="", **more):
    names = [f"{collection}-{group}-{n}" for n in range(count)]
    return [Photo(name, collection, name, group, *NOWHERE, **more) for name in names]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (None, ""),
        (0, "0-17"),
        (17, "0-17"),
        (18, "18-34"),
        (34, "18-34"),
        (35, "35-54"),
        (54, "35-54"),
        (55, "55+"),
    ],
)
def test_age_bands(age, band):
    assert age_band(age) == band


def test_only_the_test_split_is_sampled():
    sample = sample_photos(photographs(400, "people"), max_photos=1_000, seed=0)
    assert sample
    assert {split_of(photo.unit) for photo in sample} == {Split.TEST}


def test_groups_are_sampled_equally():
    # given a collection with a large and a small group, and a collection without groups
    photos = photographs(2_000, "faces", "white") + photographs(300, "faces", "other")
    sample = sample_photos(photos + photographs(2_000, "people"), max_photos=40, seed=0)

    # then collections have equal shares, and so do the groups within a collection
    counts = Counter((photo.collection, photo.group) for photo in sample)
    assert counts == {("people", ""): 20, ("faces", "white"): 10, ("faces", "other"): 10}


def test_a_small_collection_is_topped_up_from_another():
    photos = photographs(2_000, "faces") + photographs(30, "people")
    few = sum(split_of(photo.unit) == Split.TEST for photo in photos if photo.collection == "people")
    counts = Counter(photo.collection for photo in sample_photos(photos, max_photos=40, seed=0))
    assert counts == {"people": few, "faces": 40 - few}


def test_labelled_forgeries_are_sampled_in_addition():
    photos = photographs(400, "kodf") + photographs(400, "kodf", "x", forged=True, method="fsgan")
    counts = Counter(photo.forged for photo in sample_photos(photos, max_photos=20, seed=0))
    assert counts == {False: 20, True: 20}


def test_sampling_is_deterministic_for_a_seed():
    photos = photographs(400, "people")
    names = [[photo.name for photo in sample_photos(photos, 10, seed)] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]


def test_data_without_held_out_people_are_rejected():
    trained_on = [photo for photo in photographs(50, "people") if split_of(photo.unit) != Split.TEST]
    with pytest.raises(NoPhotographsError, match="on the test side"):
        sample_photos(trained_on, max_photos=10, seed=0)
