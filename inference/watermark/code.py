"""Error correction of the payload: a CRC and a tail-biting convolutional code, decoded with soft values.

Rate 1/4, constraint length 11, generators 2327, 2353, 2671, 3175 (octal). Tail-biting needs no bits for the
start and end of the register, which counts in words of 64 bits. Decoding is the wrap-around Viterbi algorithm
(Shao, Lin, Fossorier: Two decoding algorithms for tailbiting codes, IEEE Trans. Comm. 51(10), 2003).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

PAYLOAD_BITS = 52  # 48 of the id, 2 of the version, 2 of the type
CRC_BITS = 12
WORD_BITS = PAYLOAD_BITS + CRC_BITS
RATE = 4
CODE_BITS = RATE * WORD_BITS
_CRC_POLYNOMIAL = 0x80F  # CRC-12, x^12 + x^11 + x^3 + x^2 + x + 1
_MEMORY = 10
_STATES = 1 << _MEMORY
_GENERATORS = (0o2327, 0o2353, 0o2671, 0o3175)
_TURNS = 3  # around the word: the first finds the state, the middle one is taken

Bits = NDArray[np.uint8]


def encode(payload: int) -> Bits:
    """Return the code word of a payload of 52 bits, as 256 bits."""
    word = payload << CRC_BITS | _crc(payload)
    bits = [word >> shift & 1 for shift in range(WORD_BITS - 1, -1, -1)]
    outputs = _outputs()
    state = int("".join(map(str, bits[: -_MEMORY - 1 : -1])), 2)  # the newest bit first
    code = np.empty((WORD_BITS, RATE), np.uint8)
    for place, bit in enumerate(bits):
        register = bit << _MEMORY | state
        code[place] = outputs[register]
        state = register >> 1
    return code.reshape(-1)


def decode(soft: NDArray[np.float64]) -> list[int | None]:
    """Return the payload of each row of soft values (N, 256), positive for a 1; None if its CRC is wrong."""
    return [_payload(bits) for bits in _viterbi(soft.reshape(len(soft), WORD_BITS, RATE))]


def _payload(bits: Bits) -> int | None:
    word = int("".join(map(str, bits)), 2)
    payload, crc = word >> CRC_BITS, word & ((1 << CRC_BITS) - 1)
    return payload if _crc(payload) == crc else None


def _viterbi(soft: NDArray[np.float64]) -> Bits:
    """Return the likeliest words (N, 64) of soft values (N, 64, 4).

    A register is the bit of a step, then the state before it. The state after it is the register without its
    last bit, so the two registers that lead to a state are neighbours.
    """
    signs = _outputs().astype(np.float32) * 2 - 1
    gains = np.einsum("npk,rk->pnr", soft.astype(np.float32), signs)  # of each register at each place
    count = len(soft)
    metric = np.zeros((count, 1, _STATES), np.float32)
    choices = np.empty((_TURNS * WORD_BITS, count, _STATES), np.bool_)
    for step in range(_TURNS * WORD_BITS):
        paths = (metric + gains[step % WORD_BITS].reshape(count, 2, _STATES)).reshape(count, _STATES, 2)
        np.greater(paths[..., 1], paths[..., 0], out=choices[step])
        metric = np.maximum(paths[..., 1], paths[..., 0])[:, None]
    state = metric[:, 0].argmax(axis=1)
    rows = np.arange(count)
    bits = np.empty((count, WORD_BITS), np.uint8)
    for step in range(_TURNS * WORD_BITS - 1, WORD_BITS - 1, -1):
        if step < 2 * WORD_BITS:
            bits[:, step - WORD_BITS] = state >> (_MEMORY - 1)
        state = (state << 1 & (_STATES - 1)) | choices[step, rows, state]
    return bits


@cache
def _outputs() -> Bits:
    """Return the four output bits of each register of 11 bits, the newest of which is the first."""
    registers = np.arange(2 * _STATES)
    taps = [np.bitwise_count(registers & generator) & 1 for generator in _GENERATORS]
    return np.stack(taps, axis=1).astype(np.uint8)


def _crc(payload: int) -> int:
    remainder = payload << CRC_BITS
    for shift in range(PAYLOAD_BITS - 1, -1, -1):
        if remainder >> (shift + CRC_BITS) & 1:
            remainder ^= (1 << CRC_BITS | _CRC_POLYNOMIAL) << shift
    return remainder
