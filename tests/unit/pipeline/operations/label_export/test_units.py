"""Which samples are kept, and which share a unit, over one or several exports."""

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
    """A hash with half of the bits set; pictures differ in more bits than near-duplicates do."""
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
    return {int(sample.sha256[:2], 16): sample.unit for sample in samples}


def test_samples_with_the_same_bytes_merge_and_share_a_unit() -> None:
    arranged = arrange([sample(1, "a", minute=1), sample(1, "b", minute=5), sample(2, "b"), sample(3, "c")])
    by_content = units(arranged.samples)
    assert by_content[1] == by_content[2] != by_content[3]
    assert by_content[1] == "moderated-0101010101010101"
    merged = arranged.samples[0]
    assert (merged.decisions, merged.case, merged.accounts) == (2, "case-1-b", {"a", "b"})
    assert arranged.left_out == ()


def test_of_near_duplicates_the_first_decided_is_kept_and_their_accounts_share_a_unit() -> None:
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
    assert [(item.case, item.reason) for item in arranged.left_out] == [("case-1-a", Reason.NEAR_DUPLICATE)]


@pytest.mark.parametrize(
    "pair",
    [
        (sample(1, "a", Truth.REAL), sample(1, "b", Truth.FAKE)),
        (sample(1, "a", Truth.REAL, 1), sample(2, "b", Truth.FAKE, 1, changed_bits=3)),
    ],
    ids=["same bytes", "near-duplicates"],
)
def test_samples_with_contradicting_labels_are_left_out(pair: tuple[Sample, Sample]) -> None:
    arranged = arrange([*pair, sample(9)])
    assert units(arranged.samples).keys() == {9}
    assert [item.reason for item in arranged.left_out] == [Reason.CONFLICT] * 2
    assert sorted(item.case for item in arranged.left_out) == sorted(sample.case for sample in pair)


def test_a_contradicting_decision_removes_an_exported_picture() -> None:
    arranged = arrange([sample(1, "b", Truth.REAL)], kept=[sample(1, "a", Truth.FAKE, unit="u1")])
    assert arranged.samples == ()
    assert [item.reason for item in arranged.left_out] == [Reason.CONFLICT] * 2


def test_near_duplicates_of_an_earlier_export_keep_its_unit() -> None:
    old = sample(1, "a", picture=1, unit="u1", minute=9)
    arranged = arrange(
        [sample(2, "b", picture=1, changed_bits=4), sample(3, "b"), sample(4, "a"), sample(5, "c")],
        kept=[old],
    )
    by_content = units(arranged.samples)
    assert {content for content, unit in by_content.items() if unit == "u1"} == {1, 3, 4}
    assert by_content.keys() == {1, 3, 4, 5}


def test_a_withdrawn_row_is_removed_but_its_unit_remains() -> None:
    withdrawn = sample(1, "a", picture=1, unit="u1")
    arranged = arrange([sample(2, "b", picture=1, changed_bits=4), sample(3, "a")], reviewed=[withdrawn])
    assert units(arranged.samples) == {2: "u1", 3: "u1"}


def test_samples_that_would_join_two_units_are_left_out() -> None:
    old = [sample(1, "a", unit="u1"), sample(2, "b", unit="u2")]
    arranged = arrange([sample(3, "a"), sample(3, "b")], kept=old)
    assert units(arranged.samples) == {1: "u1", 2: "u2"}
    assert [item.reason for item in arranged.left_out] == [Reason.BETWEEN_UNITS] * 2


def test_pictures_without_features_are_not_near_duplicates() -> None:
    black = [replace(sample(content), pdq="0" * 64) for content in (1, 2)]
    assert [len(cluster) for cluster in clusters({sample.sha256: sample.pdq for sample in black})] == [1, 1]


def test_inconsistent_units_are_refused() -> None:
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
    """Add the PDQ of each content: 12 files show 4 pictures and a blank one."""
    contents = [int(sample.sha256[:2], 16) for sample in samples]
    hashes = ["" if n % 5 == 4 else pdq(n % 5, changed_bits=n // 5) for n in contents]
    return [replace(sample, pdq=pdq_hash) for sample, pdq_hash in zip(samples, hashes, strict=True)]


def check(samples: tuple[Sample, ...]) -> None:
    by_account = defaultdict(set)
    for sample in samples:
        assert sample.unit
        for account in sample.accounts:
            by_account[account].add(sample.unit)
    assert all(len(account_units) == 1 for account_units in by_account.values()), by_account
    assert all(len(cluster) == 1 for cluster in clusters({sample.sha256: sample.pdq for sample in samples}))


@settings(max_examples=60, deadline=None)
@given(SAMPLES, SAMPLES)
def test_no_account_and_no_near_duplicate_is_ever_in_two_units(
    first: list[Sample], second: list[Sample]
) -> None:
    first, second = pictures(first), pictures(second)
    # when a set is exported and extended
    earlier = arrange(first)
    extended = arrange(second, kept=earlier.samples)
    # then in both, each account is in one unit and each picture occurs once
    # and remaining samples keep their unit
    check(earlier.samples)
    check(extended.samples)
    before, after = units(earlier.samples), units(extended.samples)
    assert all(after[content] == before[content] for content in before.keys() & after.keys())


@settings(max_examples=60, deadline=None)
@given(SAMPLES)
def test_every_sample_is_either_kept_with_its_label_or_left_out(decided: list[Sample]) -> None:
    decided = pictures(decided)
    arranged = arrange(decided)
    present = {sample.sha256: sample.truth for sample in arranged.samples}
    left_out = {item.sha256 for item in arranged.left_out}
    assert present.keys() | left_out == {sample.sha256 for sample in decided}
    assert not present.keys() & left_out
    assert all(present[sample.sha256] == sample.truth for sample in decided if sample.sha256 in present)


@settings(max_examples=40, deadline=None)
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_decisions_does_not_matter(decided: list[Sample], random: object) -> None:
    decided = pictures(decided)
    shuffled = list(decided)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    arranged, rearranged = arrange(decided), arrange(shuffled)
    assert units(arranged.samples) == units(rearranged.samples)
    assert sorted(map(repr, arranged.left_out)) == sorted(map(repr, rearranged.left_out))


@settings(max_examples=40, deadline=None)
@given(SAMPLES)
def test_a_repeated_export_changes_nothing(decided: list[Sample]) -> None:
    decided = pictures(decided)
    first = arrange(decided)
    repeated = arrange(decided, reviewed=first.samples)
    assert units(repeated.samples).items() >= units(first.samples).items()
