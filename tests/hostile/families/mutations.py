"""Random damage of valid files: cut ends, flipped bits, wrong header fields, moved and spliced blocks."""

import random
from collections.abc import Iterator

from tests.hostile.case import Case
from tests.hostile.seeds import seeds

_FIELDS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEADER_BYTES = 1_024


def cases(rng: random.Random, per_seed: int) -> Iterator[Case]:
    """Yield about ``per_seed`` damaged files for each valid one."""
    makers = (_truncated, _flipped, _header_field, _header_field, _moved, _spliced, _noisy_half)
    for name, data in seeds().items():
        for index in range(per_seed):
            make = makers[index % len(makers)]
            yield Case(make.__name__.strip("_"), f"{name}-{index}", make(data, rng))


def _truncated(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _flipped(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _header_field(data: bytes, rng: random.Random) -> bytes:
    """Set a number near the beginning or the end, where formats keep their tables, to an extreme value."""
    damaged = bytearray(data)
    size = rng.choice((1, 2, 4, 8))
    limit = max(1, min(len(data) - size, _HEADER_BYTES))
    start = rng.randrange(limit)
    if rng.random() < 0.3:  # MP4 and TIFF keep their tables at the end
        start = max(0, len(data) - size - start)
    value = rng.choice(_FIELDS) % (1 << 8 * size)
    damaged[start : start + size] = value.to_bytes(size, rng.choice(("big", "little")))
    return bytes(damaged)


def _moved(data: bytes, rng: random.Random) -> bytes:
    """Duplicate, remove or swap blocks."""
    first, second, third = sorted(rng.randrange(len(data)) for _ in range(3))
    before, a, b, after = data[:first], data[first:second], data[second:third], data[third:]
    return rng.choice((before + a + a + b + after, before + b + after, before + b + a + after))


def _spliced(data: bytes, rng: random.Random) -> bytes:
    """Begin as one format and go on as another."""
    other = rng.choice(list(seeds().values()))
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def _noisy_half(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) // 4, len(data))
    return data[:start] + rng.randbytes(len(data) - start)
