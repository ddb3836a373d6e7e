"""Whether a split by :mod:`training.splits` leaks: nobody and no picture may be on two sides.

Works on the indexes of preprocessed collections; the pictures are not read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.preprocess import index
from training.splits import BLOCK, SAME_PICTURE_BITS, Split, side_of

_COLUMNS = ("name", "collection", "media", "forged", "unit", "person", "source", "original", "pdq")


class Shared(StrEnum):
    """What two crops on different sides have in common."""

    PERSON = "person"
    MEDIA = "media"
    PICTURE = "near-duplicate"


@dataclass(frozen=True, slots=True)
class Record:
    """What the check needs to know of a crop; ``pdq`` is 32 bytes."""

    name: str
    collection: str
    media: str
    forged: bool
    unit: str
    person: str
    source: str
    original: str
    pdq: bytes

    @property
    def side(self) -> Split | None:
        return side_of(self.unit, self.source)


@dataclass(frozen=True, slots=True)
class Leak:
    """Two crops on different sides that share something; ``bits`` is the distance of near-duplicates."""

    shared: Shared
    what: str
    one: Record
    other: Record
    bits: int | None = None


@dataclass
class Count:
    """Of one collection on one side."""

    units: int = 0
    media: int = 0
    real: int = 0
    forged: int = 0


def read_records(folder: Path) -> list[Record]:
    """Return the crops that the index in ``folder`` lists."""
    rows = index.read_table(folder / index.NAME).select(list(_COLUMNS)).to_pylist()
    return [Record(**row) for row in rows]


def counts(records: Iterable[Record]) -> dict[tuple[str, Split | None], Count]:
    """Return what is on each side (None: swaps across sides, used nowhere) of each collection."""
    groups: dict[tuple[str, Split | None], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.collection, record.side].append(record)
    return {key: _count(group) for key, group in sorted(groups.items(), key=lambda item: str(item[0]))}


def _count(group: Sequence[Record]) -> Count:
    forged = Counter(record.forged for record in group)
    units, media = {record.unit for record in group}, {record.media for record in group}
    return Count(len(units), len(media), forged[False], forged[True])


def find_leaks(records: Sequence[Record]) -> list[Leak]:
    """Return a leak for each person and media on two sides, and for each pair of near-duplicates."""
    used = [record for record in records if record.side is not None]
    return [*_shared_names(used), *_near_duplicates(used)]


def _shared_names(records: Sequence[Record]) -> Iterator[Leak]:
    """One leak for each name and pair of sides, shown by the first crop of each."""
    seen: dict[tuple[Shared, str], dict[Split | None, Record]] = defaultdict(dict)
    for record in records:
        for key in _names(record):
            seen[key].setdefault(record.side, record)
    for (shared, what), sides in seen.items():
        for one, other in combinations(sides.values(), 2):
            yield Leak(shared, what, one, other)


def _names(record: Record) -> Iterator[tuple[Shared, str]]:
    """Persons and media that a crop shows; media are known by collection and name."""
    for person in {record.unit, record.person, record.source} - {""}:
        yield Shared.PERSON, person
    for media in {record.media, record.original} - {""}:
        yield Shared.MEDIA, f"{record.collection}: {media}"


def _near_duplicates(records: Sequence[Record]) -> Iterator[Leak]:
    """Pairs across sides whose PDQ hashes are within SAME_PICTURE_BITS."""
    sides = [[record for record in records if record.side is split] for split in Split]
    for ones, others in combinations(sides, 2):
        if not ones or not others:
            continue
        for one, other, bits in _within(_signs(ones), _signs(others)):
            what = f"{ones[one].name} and {others[other].name}"
            yield Leak(Shared.PICTURE, what, ones[one], others[other], bits)


def _signs(records: Sequence[Record]) -> NDArray[np.float32]:
    hashes = np.frombuffer(b"".join(record.pdq for record in records), np.uint8).reshape(len(records), -1)
    signs: NDArray[np.float32] = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
    return signs


def _within(ones: NDArray[np.float32], others: NDArray[np.float32]) -> Iterator[tuple[int, int, int]]:
    """Indices and distance in bits of near pairs; bits are ±1, so that a product gives their distance."""
    width = ones.shape[1]
    for start in range(0, len(ones), BLOCK):
        distances = (width - ones[start : start + BLOCK] @ others.T) / 2
        for row, column in np.argwhere(distances <= SAME_PICTURE_BITS).tolist():
            yield start + row, column, int(distances[row, column])
