"""The check finds what was planted on two sides, and nothing in what the splitting rule itself makes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.leaks import Count, Record, Shared, counts, find_leaks
from training.splits import SAME_PICTURE_BITS, Split, side_of, split_of


def unit_on(side: Split, start: int = 0) -> str:
    """A person on that side."""
    return next(
        unit for unit in (f"p{number}" for number in range(start, start + 10_000)) if split_of(unit) is side
    )


def picture(number: int) -> bytes:
    return np.random.default_rng(number).bytes(32)


def near(pdq: bytes, bits: int) -> bytes:
    """The hash with its first ``bits`` bits changed."""
    changed = np.unpackbits(np.frombuffer(pdq, np.uint8))
    changed[:bits] ^= 1
    return np.packbits(changed).tobytes()


unhurried = settings(deadline=None)  # a loaded machine stops any example for longer than the default
TRAIN, TEST = unit_on(Split.TRAIN), unit_on(Split.TEST)
ONE = Record("a.jpg", "kodf", "a", False, TRAIN, TRAIN, "", "", picture(0))
OTHER = Record("b.jpg", "kodf", "b", False, TEST, TEST, "", "", picture(1))


@pytest.mark.parametrize(
    ("other", "leaks"),
    [
        (OTHER, []),
        (replace(OTHER, person=TRAIN), [(Shared.PERSON, TRAIN)]),
        (replace(OTHER, media="a"), [(Shared.MEDIA, "kodf: a")]),
        (replace(OTHER, media="a", collection="dfdc"), []),
        (replace(OTHER, forged=True, original="a"), [(Shared.MEDIA, "kodf: a")]),
        (replace(OTHER, pdq=near(ONE.pdq, SAME_PICTURE_BITS)), [(Shared.PICTURE, "a.jpg and b.jpg")]),
        (replace(OTHER, pdq=near(ONE.pdq, SAME_PICTURE_BITS + 1)), []),
        # a swap across sides is used nowhere, so that it cannot leak
        (replace(OTHER, forged=True, source=TRAIN, pdq=ONE.pdq), []),
    ],
)
def test_what_leaks(other, leaks):
    assert [(leak.shared, leak.what) for leak in find_leaks([ONE, other])] == leaks


def test_the_distance_of_near_duplicates_is_told():
    (leak,) = find_leaks([ONE, replace(OTHER, pdq=near(ONE.pdq, 7))])
    assert (leak.one, leak.bits) == (ONE, 7)


@unhurried
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_swap_is_on_a_side_only_if_both_persons_are(target, source):
    assert (side_of(target, source) is not None) == (split_of(target) is split_of(source))
    assert side_of(target, source) in {None, split_of(target)}
    assert side_of(target) is split_of(target)


swaps = st.tuples(st.integers(0, 40), st.none() | st.integers(0, 40))


@unhurried
@given(st.lists(swaps, max_size=40))
def test_splitting_by_unit_never_leaks_and_what_is_used_shows_only_persons_of_its_side(drawn):
    records = [
        Record(f"{n}.jpg", "kodf", f"m{n}", source is not None, f"p{target}", f"p{target}",
               "" if source is None else f"p{source}", "", picture(n))
        for n, (target, source) in enumerate(drawn)
    ]  # fmt: skip
    assert find_leaks(records) == []
    shown = {side: {name for r in records if r.side is side for name in (r.unit, r.source)} for side in Split}
    assert shown[Split.TRAIN] & shown[Split.TEST] <= {""}


@unhurried
@given(st.lists(swaps, max_size=20), st.data())
def test_a_planted_near_duplicate_is_found(drawn, data):
    # given pictures of many persons, and one of them, slightly changed, on another side
    records = [
        Record(f"{n}.jpg", "kodf", f"m{n}", False, f"p{person}", f"p{person}", "", "", picture(n))
        for n, (person, _) in enumerate([*drawn, (0, None)])
    ]
    victim = data.draw(st.sampled_from(records))
    side = data.draw(st.sampled_from([split for split in Split if split is not victim.side]))
    bits = data.draw(st.integers(0, SAME_PICTURE_BITS))
    unit = unit_on(side, 1000)
    planted = replace(victim, name="x.jpg", media="x", unit=unit, person=unit, pdq=near(victim.pdq, bits))

    # then exactly this pair is told
    (leak,) = find_leaks([*records, planted])
    assert {leak.one, leak.other} == {victim, planted}
    assert (leak.shared, leak.bits) == (Shared.PICTURE, bits)


def test_counts_are_by_collection_and_side():
    straddling = replace(OTHER, forged=True, source=TRAIN, media="c")
    assert counts([ONE, OTHER, replace(OTHER, forged=True, media="d"), straddling]) == {
        ("kodf", Split.TRAIN): Count(units=1, media=1, real=1, forged=0),
        ("kodf", Split.TEST): Count(units=1, media=2, real=1, forged=1),
        ("kodf", None): Count(units=1, media=1, real=0, forged=1),
    }
