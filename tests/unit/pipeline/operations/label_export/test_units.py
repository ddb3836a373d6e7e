"""What stays in a set, and what stays together, whatever is posted by whom and exported when."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ExportFolderError
from pipeline.operations.label_export.sample import Reason, Sample, Truth
from pipeline.operations.label_export.units import arrange, clusters
from training.splits import SAME_PICTURE_BITS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def pdq(picture: int, changed_bits: int = 0) -> str:
    """Half the bits set, as PDQ has it; pictures differ in more bits than near-duplicates do."""
    value = int(f"{0x0F0F << picture * 4 & 0xFFFF:04x}" * 16, 16) ^ (1 << changed_bits) - 1
    return f"{value:064x}"


def sample(
    content: int,
    by: str = "",
    truth: Truth = Truth.FAKE,
    picture: int | None = None,
    changed_bits: int = 0,
    minute: int = 0,
    unit: str = "",
) -> Sample:
    return Sample(
        sha256=f"{content:02x}" * 32,
        truth=truth,
        suffix=".jpg",
        case=f"case-{content}-{by}",
        media=1,
        decided_at=NOON + timedelta(minutes=minute),
        decisions=1,
        pdq="" if picture is None else pdq(picture, changed_bits),
        accounts=frozenset(by),
        unit=unit,
    )


def units(samples: tuple[Sample, ...]) -> dict[int, str]:
    return {int(one.sha256[:2], 16): one.unit for one in samples}


def test_the_same_bytes_are_one_sample_and_their_accounts_one_unit() -> None:
    arranged = arrange([sample(1, "a", minute=1), sample(1, "b", minute=5), sample(2, "b"), sample(3, "c")])
    by_content = units(arranged.samples)
    assert by_content[1] == by_content[2] != by_content[3]
    assert by_content[1] == "moderated-0101010101010101"
    one = arranged.samples[0]
    assert (one.decisions, one.case, one.accounts) == (2, "case-1-b", {"a", "b"})
    assert arranged.left_out == ()


def test_of_near_duplicates_the_first_decided_stays_and_holds_their_accounts_together() -> None:
    arranged = arrange(
        [
            sample(1, "a", picture=1, minute=5),
            sample(2, "b", picture=1, changed_bits=SAME_PICTURE_BITS, minute=1),
            sample(3, "a"),
            sample(4, "b"),
        ]
    )
    by_content = units(arranged.samples)
    assert by_content.keys() == {2, 3, 4}
    assert len(set(by_content.values())) == 1
    assert [(one.case, one.reason) for one in arranged.left_out] == [("case-1-a", Reason.NEAR_DUPLICATE)]


@pytest.mark.parametrize(
    "pair",
    [
        (sample(1, "a", Truth.REAL), sample(1, "b", Truth.FAKE)),
        (sample(1, "a", Truth.REAL, 1), sample(2, "b", Truth.FAKE, 1, changed_bits=3)),
    ],
    ids=["same bytes", "near-duplicates"],
)
def test_what_was_decided_both_ways_is_left_out_and_listed(pair: tuple[Sample, Sample]) -> None:
    arranged = arrange([*pair, sample(9)])
    assert units(arranged.samples).keys() == {9}
    assert [one.reason for one in arranged.left_out] == [Reason.CONFLICT] * 2
    assert sorted(one.case for one in arranged.left_out) == sorted(one.case for one in pair)


def test_a_newer_decision_on_an_older_exports_picture_takes_it_out() -> None:
    arranged = arrange([sample(1, "b", Truth.REAL)], kept=[sample(1, "a", Truth.FAKE, unit="u1")])
    assert arranged.samples == ()
    assert [one.reason for one in arranged.left_out] == [Reason.CONFLICT] * 2


def test_what_is_near_an_older_export_keeps_its_unit() -> None:
    old = sample(1, "a", picture=1, unit="u1", minute=9)
    arranged = arrange(
        [sample(2, "b", picture=1, changed_bits=4), sample(3, "b"), sample(4, "a"), sample(5, "c")],
        kept=[old],
    )
    by_content = units(arranged.samples)
    assert {content for content, unit in by_content.items() if unit == "u1"} == {1, 3, 4}
    assert by_content.keys() == {1, 3, 4, 5}


def test_a_withdrawn_row_leaves_but_its_unit_holds() -> None:
    gone = sample(1, "a", picture=1, unit="u1")
    arranged = arrange([sample(2, "b", picture=1, changed_bits=4), sample(3, "a")], reviewed=[gone])
    assert units(arranged.samples) == {2: "u1", 3: "u1"}


def test_what_would_join_two_units_of_an_older_export_is_left_out() -> None:
    old = [sample(1, "a", unit="u1"), sample(2, "b", unit="u2")]
    arranged = arrange([sample(3, "a"), sample(3, "b")], kept=old)
    assert units(arranged.samples) == {1: "u1", 2: "u2"}
    assert [one.reason for one in arranged.left_out] == [Reason.BETWEEN_UNITS] * 2


def test_a_picture_without_features_is_nobodys_near_duplicate() -> None:
    black = [replace(sample(content), pdq="0" * 64) for content in (1, 2)]
    assert [len(cluster) for cluster in clusters({one.sha256: one.pdq for one in black})] == [1, 1]


def test_units_that_no_export_wrote_are_refused() -> None:
    with pytest.raises(ExportFolderError, match="changed by hand"):
        arrange([], kept=[sample(1, "a", unit="u1"), sample(2, "a", unit="u2")])


SAMPLES = st.lists(
    st.builds(
        sample,
        content=st.integers(1, 12),
        by=st.sampled_from(["", "a", "b", "c", "d", "e"]),
        truth=st.sampled_from([Truth.REAL, Truth.FAKE, Truth.FAKE]),
        minute=st.integers(0, 3),
    ),
    max_size=12,
)


def pictures(samples: list[Sample]) -> list[Sample]:
    """The same with the PDQ that each content has: 12 files of 4 pictures and a blank one."""
    contents = [int(one.sha256[:2], 16) for one in samples]
    hashes = ["" if n % 5 == 4 else pdq(n % 5, changed_bits=n // 5) for n in contents]
    return [replace(one, pdq=each) for one, each in zip(samples, hashes, strict=True)]


def check(samples: tuple[Sample, ...]) -> None:
    by_account = defaultdict(set)
    for one in samples:
        assert one.unit
        for account in one.accounts:
            by_account[account].add(one.unit)
    assert all(len(found) == 1 for found in by_account.values()), by_account
    assert all(len(cluster) == 1 for cluster in clusters({one.sha256: one.pdq for one in samples}))


@settings(max_examples=60, deadline=None)
@given(SAMPLES, SAMPLES)
def test_no_account_and_no_near_duplicate_is_ever_in_two_units(
    first: list[Sample], then: list[Sample]
) -> None:
    first, then = pictures(first), pictures(then)
    # when a set is made, and extended
    older = arrange(first)
    newer = arrange(then, kept=older.samples)
    # then in both an account is in one unit and a picture there once, and what stays keeps its unit
    check(older.samples)
    check(newer.samples)
    before, after = units(older.samples), units(newer.samples)
    assert all(after[content] == before[content] for content in before.keys() & after.keys())


@settings(max_examples=60, deadline=None)
@given(SAMPLES)
def test_everything_is_either_in_the_set_or_listed_and_labels_are_as_decided(decided: list[Sample]) -> None:
    decided = pictures(decided)
    arranged = arrange(decided)
    present = {one.sha256: one.truth for one in arranged.samples}
    listed = {one.sha256 for one in arranged.left_out}
    assert present.keys() | listed == {one.sha256 for one in decided}
    assert not present.keys() & listed
    assert all(present[one.sha256] == one.truth for one in decided if one.sha256 in present)


@settings(max_examples=40, deadline=None)
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_in_which_decisions_are_read_changes_nothing(decided: list[Sample], random: object) -> None:
    decided = pictures(decided)
    shuffled = list(decided)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    arranged, again = arrange(decided), arrange(shuffled)
    assert units(arranged.samples) == units(again.samples)
    assert sorted(map(repr, arranged.left_out)) == sorted(map(repr, again.left_out))


@settings(max_examples=40, deadline=None)
@given(SAMPLES)
def test_exporting_again_changes_nothing(decided: list[Sample]) -> None:
    decided = pictures(decided)
    once = arrange(decided)
    again = arrange(decided, reviewed=once.samples)
    assert units(again.samples).items() >= units(once.samples).items()
