"""Units: named persons, else clusters of near-duplicates, originals and forgeries."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.preprocess.units import units_of

HASHES = [np.random.default_rng(number).bytes(32) for number in range(8)]


def near(pdq: bytes) -> bytes:
    """Return the hash with 8 bits changed."""
    return bytes([pdq[0] ^ 0xFF]) + pdq[1:]


def test_named_persons_are_units_even_if_they_look_alike():
    assert units_of(["a", "b"], ["p1", "p2"], ["", ""], [HASHES[0], HASHES[0]]) == ["p1", "p2"]


def test_unnamed_near_duplicates_share_the_name_of_the_first():
    pdq = [HASHES[0], HASHES[1], near(HASHES[0])]
    assert units_of(["a", "b", "c"], ["", "", ""], ["", "", ""], pdq) == ["a", "b", "a"]


def test_frames_of_a_video_are_one_unit_with_near_duplicates_of_any_frame():
    pdq = [HASHES[0], HASHES[1], near(HASHES[1])]
    assert units_of(["v", "v", "w"], ["", "", ""], ["", "", ""], pdq) == ["v", "v", "v"]


def test_forgeries_join_their_original_or_each_other_if_it_is_missing():
    media, originals = ["f1", "f2", "r", "f3"], ["gone", "gone", "", "r"]
    assert units_of(media, [""] * 4, originals, HASHES[:4]) == ["f1", "f1", "r", "r"]


def test_near_duplicates_of_a_named_person_join_that_person():
    pdq = [HASHES[0], near(HASHES[0]), HASHES[1]]
    assert units_of(["a", "b", "c"], ["", "p1", "p2"], ["", "", ""], pdq) == ["p1", "p1", "p2"]


@settings(deadline=None)  # on a loaded machine any example can exceed the default deadline
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1, max_size=20))
def test_a_media_item_or_picture_is_never_in_two_units(crops):
    media = [f"m{number}" for number, _ in crops]
    pdq = [HASHES[number] for _, number in crops]
    units = units_of(media, [""] * len(crops), [""] * len(crops), pdq)
    for names in (media, pdq):
        unit_of = dict(zip(names, units, strict=True))
        assert [unit_of[name] for name in names] == units
