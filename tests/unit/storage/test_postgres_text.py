import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.postgres_text import dump_json, replace_nul


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("a\x00b", "a\ufffdb"),
        ("\x00\x00", "\ufffd\ufffd"),
        ("\\u0000", "\\u0000"),  # six characters that only look like the escape
        ("\\\x00", "\\\ufffd"),
    ],
)
def test_nul_is_replaced_and_nothing_else(text: str, kept: str) -> None:
    assert json.loads(dump_json({"text": text})) == {"text": kept}
    assert replace_nul(text) == kept


@given(st.text(st.sampled_from("a\\u0\x00")))
def test_json_and_text_columns_agree_on_every_text(text: str) -> None:
    assert json.loads(dump_json(text)) == replace_nul(text)
