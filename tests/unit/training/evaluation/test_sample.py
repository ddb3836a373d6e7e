"""Which photographs are asked about: the test side alone, groups in turns."""

from collections import Counter

import numpy as np
import pytest

from training.datasets import Photo
from training.errors import NoPhotographsError
from training.evaluation.sample import age_band, draw_photos
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


def test_only_the_test_side_is_asked_about():
    drawn = draw_photos(photographs(400, "people"), most=1_000, seed=0)
    assert drawn
    assert {split_of(photo.unit) for photo in drawn} == {Split.TEST}


def test_small_groups_are_asked_about_as_often_as_large_ones():
    # given a collection with a large and a small group, and a collection without groups
    photos = photographs(2_000, "faces", "white") + photographs(300, "faces", "other")
    drawn = draw_photos(photos + photographs(2_000, "people"), most=40, seed=0)

    # then collections share evenly, and groups within them
    found = Counter((photo.collection, photo.group) for photo in drawn)
    assert found == {("people", ""): 20, ("faces", "white"): 10, ("faces", "other"): 10}


def test_what_a_small_collection_lacks_another_gives():
    photos = photographs(2_000, "faces") + photographs(30, "people")
    few = sum(split_of(photo.unit) == Split.TEST for photo in photos if photo.collection == "people")
    found = Counter(photo.collection for photo in draw_photos(photos, most=40, seed=0))
    assert found == {"people": few, "faces": 40 - few}


def test_labelled_forgeries_come_in_addition():
    photos = photographs(400, "kodf") + photographs(400, "kodf", "x", forged=True, method="fsgan")
    found = Counter(photo.forged for photo in draw_photos(photos, most=20, seed=0))
    assert found == {False: 20, True: 20}


def test_a_seed_decides():
    photos = photographs(400, "people")
    names = [[photo.name for photo in draw_photos(photos, 10, seed)] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]


def test_data_without_held_out_people_are_refused():
    trained_on = [photo for photo in photographs(50, "people") if split_of(photo.unit) != Split.TEST]
    with pytest.raises(NoPhotographsError, match="on the test side"):
        draw_photos(trained_on, most=10, seed=0)
