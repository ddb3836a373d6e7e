"""Payloads are permuted by the key, and neighbours have nothing in common."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.watermark.code import encode
from inference.watermark.scrambling import scrambled, unscrambled

PAYLOADS = st.integers(0, 2**52 - 1)
KEYS = st.binary(min_size=32, max_size=32)


@given(PAYLOADS, KEYS)
def test_every_payload_comes_back(payload: int, key: bytes) -> None:
    number = scrambled(payload, key)

    assert 0 <= number < 2**52
    assert unscrambled(number, key) == payload


def test_the_permutation_is_fixed() -> None:
    """Marks must stay readable."""
    assert scrambled(0xABC123, bytes(range(32))) == 0xA0EADD6159FAB


@pytest.mark.parametrize("start", [0, 1_000_000])
def test_code_words_of_ids_that_are_counted_up_agree_by_chance_only(start: int) -> None:
    key = b"k" * 32
    words = [encode(scrambled(start + number, key)) for number in range(100)]
    agreement = [(one == other).mean() for one, other in pairwise(words)]

    assert sum(agreement) / len(agreement) == pytest.approx(0.5, abs=0.02)
    assert abs(sum(word.astype(float) for word in words) / 100 - 0.5).mean() < 0.06


def test_keys_permute_differently() -> None:
    assert scrambled(5, b"a" * 32) != scrambled(5, b"b" * 32)
