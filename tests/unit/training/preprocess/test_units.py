"""Units: persons where they are named, else clusters of what looks the same or was made from it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.preprocess.units import units_of

HASHES = [np.random.default_rng(number).bytes(32) for number in range(8)]


def near(pdq: bytes) -> bytes:
    """The hash with 8 bits changed."""
    return bytes([pdq[0] ^ 0xFF]) + pdq[1:]


def test_named_persons_are_the_units_whatever_they_look_like():
    assert units_of(["a", "b"], ["p1", "p2"], ["", ""], [HASHES[0], HASHES[0]]) == ["p1", "p2"]


def test_near_duplicates_of_nobody_share_the_name_of_the_first():
    pdq = [HASHES[0], HASHES[1], near(HASHES[0])]
    assert units_of(["a", "b", "c"], ["", "", ""], ["", "", ""], pdq) == ["a", "b", "a"]


def test_frames_of_one_video_are_one_unit_and_join_what_resembles_any_of_them():
    pdq = [HASHES[0], HASHES[1], near(HASHES[1])]
    assert units_of(["v", "v", "w"], ["", "", ""], ["", "", ""], pdq) == ["v", "v", "v"]


def test_forgeries_join_their_original_and_each_other_where_it_is_missing():
    media, originals = ["f1", "f2", "r", "f3"], ["gone", "gone", "", "r"]
    assert units_of(media, [""] * 4, originals, HASHES[:4]) == ["f1", "f1", "r", "r"]


def test_what_resembles_a_named_person_is_that_person():
    pdq = [HASHES[0], near(HASHES[0]), HASHES[1]]
    assert units_of(["a", "b", "c"], ["", "p1", "p2"], ["", "", ""], pdq) == ["p1", "p1", "p2"]


@settings(deadline=None)  # a loaded machine stops any example for longer than the default
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1, max_size=20))
def test_one_media_or_one_picture_is_never_in_two_units(crops):
    media = [f"m{number}" for number, _ in crops]
    pdq = [HASHES[number] for _, number in crops]
    units = units_of(media, [""] * len(crops), [""] * len(crops), pdq)
    for names in (media, pdq):
        seen = dict(zip(names, units, strict=True))
        assert [seen[name] for name in names] == units
