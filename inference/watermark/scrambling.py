"""A keyed permutation of payloads, so that payloads that differ in one bit have unrelated code words.

Ids are often counted up. Without this, marks of one key would be alike, and the average of a hundred marked
pictures would be a good estimate of the mark. A Feistel network (Luby, Rackoff, 1988) with keyed BLAKE2b.
"""

from hashlib import blake2b

from inference.watermark.code import PAYLOAD_BITS

_HALF_BITS = PAYLOAD_BITS // 2
_HALF = (1 << _HALF_BITS) - 1
_ROUNDS = range(6)


def scrambled(payload: int, key: bytes) -> int:
    """Return the number, 0 to 2**52 - 1, that stands for a payload in marks of this key."""
    left, right = payload >> _HALF_BITS, payload & _HALF
    for number in _ROUNDS:
        left, right = right, left ^ _mixed(right, number, key)
    return left << _HALF_BITS | right


def unscrambled(number: int, key: bytes) -> int:
    """Return the payload for which a number stands."""
    left, right = number >> _HALF_BITS, number & _HALF
    for round_ in reversed(_ROUNDS):
        left, right = right ^ _mixed(left, round_, key), left
    return left << _HALF_BITS | right


def _mixed(half: int, round_: int, key: bytes) -> int:
    message = bytes([round_]) + half.to_bytes(4)
    return (
        int.from_bytes(blake2b(message, digest_size=4, key=key, person=b"fakeme watermark").digest()) & _HALF
    )
