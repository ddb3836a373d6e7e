"""The code corrects many wrong bits, and never returns a word whose check sum is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.watermark.code import CODE_BITS, PAYLOAD_BITS, decode, encode

payloads = st.integers(0, 2**PAYLOAD_BITS - 1)


@given(payloads)
def test_a_code_word_is_decoded(payload: int) -> None:
    assert decode(encode(payload)[None] * 2.0 - 1.0) == [payload]


@given(payloads, payloads)
def test_code_words_differ_in_many_bits(first: int, second: int) -> None:
    differing = int((encode(first) != encode(second)).sum())
    assert differing == 0 if first == second else differing >= 24


def test_words_are_read_through_noise() -> None:
    """Given an energy per bit of 1.5 dB over the noise, 98 of 100 words are right, and none is wrong."""
    rng = np.random.default_rng(0)
    sent = [int(rng.integers(2**PAYLOAD_BITS)) for _ in range(100)]
    energy = 10**0.15 / 4
    soft = np.array([encode(payload) * 2.0 - 1.0 for payload in sent])
    soft += rng.normal(0, np.sqrt(1 / (2 * energy)), soft.shape)

    received = decode(soft)

    assert sum(a == b for a, b in zip(received, sent, strict=True)) >= 98
    assert all(a in (b, None) for a, b in zip(received, sent, strict=True))


def test_noise_is_mostly_refused_by_its_check_sum() -> None:
    soft = np.random.default_rng(0).normal(size=(200, CODE_BITS))
    assert sum(payload is not None for payload in decode(soft)) <= 2


@pytest.mark.parametrize("payload", [0, 2**PAYLOAD_BITS - 1])
def test_extreme_payloads(payload: int) -> None:
    assert decode(encode(payload)[None] * 2.0 - 1.0) == [payload]
