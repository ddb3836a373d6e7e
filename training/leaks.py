"""Find leaks in a split by :mod:`training.splits`: a person or picture on more than one side.

The check reads the indexes of preprocessed collections, not the pictures.
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
    """What two crops on different sides share."""

    PERSON = "person"
    MEDIA = "media"
    PICTURE = "near-duplicate"


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of a crop that the check uses; ``pdq`` is 32 bytes."""

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
    first: Record
    second: Record
    bits: int | None = None


@dataclass
class Count:
    """Counts of one collection on one side."""

    units: int = 0
    media: int = 0
    real: int = 0
    forged: int = 0


def read_records(folder: Path) -> list[Record]:
    """Return the crops that the index in ``folder`` lists."""
    rows = index.read_table(folder / index.NAME).select(list(_COLUMNS)).to_pylist()
    return [Record(**row) for row in rows]


def counts(records: Iterable[Record]) -> dict[tuple[str, Split | None], Count]:
    """Return the counts by collection and side; None is for unused swaps across sides."""
    groups: dict[tuple[str, Split | None], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.collection, record.side].append(record)
    return {key: _count(group) for key, group in sorted(groups.items(), key=lambda item: str(item[0]))}


def _count(group: Sequence[Record]) -> Count:
    forged = Counter(record.forged for record in group)
    units, media = {record.unit for record in group}, {record.media for record in group}
    return Count(len(units), len(media), forged[False], forged[True])


def find_leaks(records: Sequence[Record]) -> list[Leak]:
    """Return a leak for each person and media item on two sides, and for each pair of near-duplicates."""
    used = [record for record in records if record.side is not None]
    return [*_shared_names(used), *_near_duplicates(used)]


def _shared_names(records: Sequence[Record]) -> Iterator[Leak]:
    """Yield a leak for each name and pair of sides, with the first crop on each side."""
    crops: dict[tuple[Shared, str], dict[Split | None, Record]] = defaultdict(dict)
    for record in records:
        for key in _names(record):
            crops[key].setdefault(record.side, record)
    for (shared, what), sides in crops.items():
        for first, second in combinations(sides.values(), 2):
            yield Leak(shared, what, first, second)


def _names(record: Record) -> Iterator[tuple[Shared, str]]:
    """Yield the persons and media items of a crop; media items are identified by collection and name."""
    for person in {record.unit, record.person, record.source} - {""}:
        yield Shared.PERSON, person
    for media in {record.media, record.original} - {""}:
        yield Shared.MEDIA, f"{record.collection}: {media}"


def _near_duplicates(records: Sequence[Record]) -> Iterator[Leak]:
    """Yield pairs across sides with PDQ hashes within SAME_PICTURE_BITS."""
    sides = [[record for record in records if record.side is split] for split in Split]
    for left, right in combinations(sides, 2):
        if not left or not right:
            continue
        for row, column, bits in _near_pairs(_signs(left), _signs(right)):
            first, second = left[row], right[column]
            yield Leak(Shared.PICTURE, f"{first.name} and {second.name}", first, second, bits)


def _signs(records: Sequence[Record]) -> NDArray[np.float32]:
    hashes = np.frombuffer(b"".join(record.pdq for record in records), np.uint8).reshape(len(records), -1)
    signs: NDArray[np.float32] = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
    return signs


def _near_pairs(left: NDArray[np.float32], right: NDArray[np.float32]) -> Iterator[tuple[int, int, int]]:
    """Yield indices and distance in bits of near pairs; bits are ±1, so that a product gives the distance."""
    width = left.shape[1]
    for start in range(0, len(left), BLOCK):
        distances = (width - left[start : start + BLOCK] @ right.T) / 2
        for row, column in np.argwhere(distances <= SAME_PICTURE_BITS).tolist():
            yield start + row, column, int(distances[row, column])
