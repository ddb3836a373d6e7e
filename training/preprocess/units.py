"""What must stay on one side of a split: the person, or, where nobody is named, near-duplicates."""

from collections.abc import Sequence

import numpy as np

from training.splits import near_duplicates


class _Forest:
    """Disjoint sets of names."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def root(self, name: str) -> str:
        while (parent := self._parents.get(name, name)) != name:
            self._parents[name] = self._parents.get(parent, parent)
            name = parent
        return name

    def join(self, one: str, other: str) -> None:
        self._parents[self.root(other)] = self.root(one)


def units_of(
    media: Sequence[str], persons: Sequence[str], originals: Sequence[str], pdq: Sequence[bytes]
) -> list[str]:
    """The unit of each crop, all arguments a value a crop, in an order that decides the names.

    ``persons`` is empty where nobody is named: such a crop's media is one unit with all that look the same
    and with the media it was made from. A unit that a named person is in has that person's name, else that
    of its first media.
    """
    if all(persons):
        return list(persons)
    forest = _Forest()
    named = {one: person for one, person in zip(media, persons, strict=True) if person}
    for one, original in zip(media, originals, strict=True):
        if original and one not in named:
            forest.join(original, one)
    bits = np.unpackbits(np.frombuffer(b"".join(pdq), np.uint8).reshape(len(pdq), -1), axis=1)
    for index, first in enumerate(near_duplicates(bits)):
        if not (persons[index] and persons[first]):
            forest.join(media[first], media[index])
    names: dict[str, str] = {}
    for one, person in named.items():
        names.setdefault(forest.root(one), person)
    for one in media:
        names.setdefault(forest.root(one), one)
    return [person or names[forest.root(one)] for one, person in zip(media, persons, strict=True)]
