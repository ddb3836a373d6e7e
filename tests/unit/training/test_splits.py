"""Splits: each person is on one side, and near-duplicates form one cluster."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.splits import SAME_PICTURE_BITS, Split, near_duplicates, split_of


def flipped(bits: np.ndarray, places: range) -> np.ndarray:
    copy = bits.copy()
    copy[list(places)] ^= 1
    return copy


def test_shares_are_eight_to_one_to_one():
    sides = [split_of(f"p{number:05}") for number in range(20_000)]
    shares = {split: sides.count(split) / len(sides) for split in Split}
    assert abs(shares[Split.TRAIN] - 0.8) < 0.01
    assert abs(shares[Split.CALIBRATION] - 0.1) < 0.01


@given(st.text(min_size=1))
def test_side_of_a_unit_is_deterministic(unit):
    assert split_of(unit) == split_of(unit)


def test_duplicates_of_duplicates_share_a_cluster():
    # given a chain of three near-duplicates, and two unrelated pictures
    rng = np.random.default_rng(0)
    first, stranger = rng.integers(0, 2, (2, 256)).astype(np.uint8)
    near = flipped(first, range(SAME_PICTURE_BITS))
    further = flipped(near, range(SAME_PICTURE_BITS, 2 * SAME_PICTURE_BITS))
    too_far = flipped(stranger, range(SAME_PICTURE_BITS + 1))

    # when clustered
    clusters = near_duplicates(np.stack([further, stranger, first, too_far, near]))

    # then the chain is one cluster, and one bit above the limit is not a duplicate
    assert clusters == [0, 1, 0, 3, 0]
