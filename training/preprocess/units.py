"""Determine the units of a split: persons, or clusters of near-duplicates if the person is unknown."""

from collections.abc import Sequence

import numpy as np

from training.splits import near_duplicates


class _DisjointSets:
    """Disjoint sets of names (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def root(self, name: str) -> str:
        while (parent := self._parents.get(name, name)) != name:
            self._parents[name] = self._parents.get(parent, parent)
            name = parent
        return name

    def join(self, first: str, second: str) -> None:
        self._parents[self.root(second)] = self.root(first)


def units_of(
    media: Sequence[str], persons: Sequence[str], originals: Sequence[str], pdq: Sequence[bytes]
) -> list[str]:
    """Return the unit of each crop; every argument has one value for each crop.

    A crop with an empty person belongs to the same unit as its near-duplicates and as the media item that it
    was made from. A unit that contains a named person has that person's name, else the name of its first
    media item.
    """
    if all(persons):
        return list(persons)
    sets = _DisjointSets()
    named = {item: person for item, person in zip(media, persons, strict=True) if person}
    for item, original in zip(media, originals, strict=True):
        if original and item not in named:
            sets.join(original, item)
    bits = np.unpackbits(np.frombuffer(b"".join(pdq), np.uint8).reshape(len(pdq), -1), axis=1)
    for index, first in enumerate(near_duplicates(bits)):
        if not (persons[index] and persons[first]):
            sets.join(media[first], media[index])
    names: dict[str, str] = {}
    for item, person in named.items():
        names.setdefault(sets.root(item), person)
    for item in media:
        names.setdefault(sets.root(item), item)
    return [person or names[sets.root(item)] for item, person in zip(media, persons, strict=True)]
