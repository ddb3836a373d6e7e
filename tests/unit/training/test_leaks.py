"""The check finds planted leaks, and none in splits made by the splitting rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.leaks import Count, Record, Shared, counts, find_leaks
from training.splits import SAME_PICTURE_BITS, Split, side_of, split_of


def unit_on(side: Split, start: int = 0) -> str:
    """Return a person on that side."""
    return next(
        unit for unit in (f"p{number}" for number in range(start, start + 10_000)) if split_of(unit) is side
    )


def picture(number: int) -> bytes:
    return np.random.default_rng(number).bytes(32)


def near(pdq: bytes, bits: int) -> bytes:
    """Return the hash with its first ``bits`` bits changed."""
    changed = np.unpackbits(np.frombuffer(pdq, np.uint8))
    changed[:bits] ^= 1
    return np.packbits(changed).tobytes()


no_deadline = settings(deadline=None)  # the default is too short on a loaded machine
TRAIN, TEST = unit_on(Split.TRAIN), unit_on(Split.TEST)
FIRST = Record("a.jpg", "kodf", "a", False, TRAIN, TRAIN, "", "", picture(0))
SECOND = Record("b.jpg", "kodf", "b", False, TEST, TEST, "", "", picture(1))


@pytest.mark.parametrize(
    ("second", "leaks"),
    [
        (SECOND, []),
        (replace(SECOND, person=TRAIN), [(Shared.PERSON, TRAIN)]),
        (replace(SECOND, media="a"), [(Shared.MEDIA, "kodf: a")]),
        (replace(SECOND, media="a", collection="dfdc"), []),
        (replace(SECOND, forged=True, original="a"), [(Shared.MEDIA, "kodf: a")]),
        (replace(SECOND, pdq=near(FIRST.pdq, SAME_PICTURE_BITS)), [(Shared.PICTURE, "a.jpg and b.jpg")]),
        (replace(SECOND, pdq=near(FIRST.pdq, SAME_PICTURE_BITS + 1)), []),
        # a swap across sides is not used, so it cannot leak
        (replace(SECOND, forged=True, source=TRAIN, pdq=FIRST.pdq), []),
    ],
)
def test_leaks_are_found(second, leaks):
    assert [(leak.shared, leak.what) for leak in find_leaks([FIRST, second])] == leaks


def test_distance_of_near_duplicates_is_reported():
    (leak,) = find_leaks([FIRST, replace(SECOND, pdq=near(FIRST.pdq, 7))])
    assert (leak.first, leak.bits) == (FIRST, 7)


@no_deadline
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_swap_is_on_a_side_only_if_both_persons_are(target, source):
    assert (side_of(target, source) is not None) == (split_of(target) is split_of(source))
    assert side_of(target, source) in {None, split_of(target)}
    assert side_of(target) is split_of(target)


swaps = st.tuples(st.integers(0, 40), st.none() | st.integers(0, 40))


@no_deadline
@given(st.lists(swaps, max_size=40))
def test_splitting_by_unit_never_leaks(drawn):
    records = [
        Record(f"{n}.jpg", "kodf", f"m{n}", source is not None, f"p{target}", f"p{target}",
               "" if source is None else f"p{source}", "", picture(n))
        for n, (target, source) in enumerate(drawn)
    ]  # fmt: skip
    assert find_leaks(records) == []
    shown = {side: {name for r in records if r.side is side for name in (r.unit, r.source)} for side in Split}
    assert shown[Split.TRAIN] & shown[Split.TEST] <= {""}


@no_deadline
@given(st.lists(swaps, max_size=20), st.data())
def test_a_planted_near_duplicate_is_found(drawn, data):
    # given pictures of several persons, and a slightly changed copy of a picture on another side
    records = [
        Record(f"{n}.jpg", "kodf", f"m{n}", False, f"p{person}", f"p{person}", "", "", picture(n))
        for n, (person, _) in enumerate([*drawn, (0, None)])
    ]
    original = data.draw(st.sampled_from(records))
    side = data.draw(st.sampled_from([split for split in Split if split is not original.side]))
    bits = data.draw(st.integers(0, SAME_PICTURE_BITS))
    unit = unit_on(side, 1000)
    planted = replace(original, name="x.jpg", media="x", unit=unit, person=unit, pdq=near(original.pdq, bits))

    # then exactly this pair is reported
    (leak,) = find_leaks([*records, planted])
    assert {leak.first, leak.second} == {original, planted}
    assert (leak.shared, leak.bits) == (Shared.PICTURE, bits)


def test_counts_are_by_collection_and_side():
    across_sides = replace(SECOND, forged=True, source=TRAIN, media="c")
    assert counts([FIRST, SECOND, replace(SECOND, forged=True, media="d"), across_sides]) == {
        ("kodf", Split.TRAIN): Count(units=1, media=1, real=1, forged=0),
        ("kodf", Split.TEST): Count(units=1, media=2, real=1, forged=1),
        ("kodf", None): Count(units=1, media=1, real=0, forged=1),
    }
