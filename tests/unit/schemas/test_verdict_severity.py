"""The label of a post is the most severe label of its media items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.verdicts import SEVERITY, Label, worst


def test_every_label_has_a_severity() -> None:
    assert [label.value for label in SEVERITY] == [
        "deepfake",
        "suspected",
        "unprocessable",
        "authentic",
        "no_face",
    ]
    assert set(SEVERITY) == set(Label)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([Label.NO_FACE], Label.NO_FACE),
        ([Label.AUTHENTIC, Label.NO_FACE], Label.AUTHENTIC),
        ([Label.AUTHENTIC, Label.UNPROCESSABLE], Label.UNPROCESSABLE),
        ([Label.UNPROCESSABLE, Label.SUSPECTED], Label.SUSPECTED),
        ([Label.NO_FACE, Label.SUSPECTED, Label.DEEPFAKE, Label.AUTHENTIC], Label.DEEPFAKE),
    ],
)
def test_worst(labels: list[Label], expected: Label) -> None:
    assert worst(labels) is expected


@given(st.lists(st.sampled_from(Label), min_size=1), st.sampled_from(Label))
def test_adding_a_media_item_never_lowers_the_severity(labels: list[Label], added: Label) -> None:
    assert SEVERITY.index(worst([*labels, added])) <= SEVERITY.index(worst(labels))


def test_a_post_without_media_has_no_label() -> None:
    with pytest.raises(ValueError, match="empty"):
        worst([])
