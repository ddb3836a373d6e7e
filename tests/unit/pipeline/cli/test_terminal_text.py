"""Text from strangers cannot move the cursor, change colours or reverse what a moderator reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli.terminal_text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("얼굴 face.jpg", "얼굴 face.jpg"),
        ("red\x1b[31m", r"red\x1b[31m"),
        ("a\u202egpj.exe", r"a\u202egpj.exe"),
        ("two\nlines", r"two\nlines"),
        ("bad-\udcff.jpg", r"bad-\udcff.jpg"),
    ],
)
def test_characters_that_are_not_printable_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_the_result_is_always_printable_and_can_be_encoded(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()  # raises for what UTF-8 cannot hold
