"""Finds perceptual hashes near a given one: an exact search of all, by Faiss (Douze et al., 2024).

A linear search of a million PDQ hashes takes a millisecond of one core and 32 MB, less time than approximate
or bucketed indexes took, and hashes can be added and removed at once; docs/decisions/0024 has the comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

HASH_BITS = 256
_HASH_BYTES = HASH_BITS // 8


@dataclass(frozen=True)
class Neighbour:
    """A hash of the index near to query number ``query``: its key, and the number of bits that differ."""

    query: int
    key: int
    distance: int


class HashIndex:
    """Hashes of 256 bits by integer keys. A key may have several hashes. Not thread-safe."""

    def __init__(self) -> None:
        self._index = faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(HASH_BITS))

    def __len__(self) -> int:
        """Return the number of hashes."""
        return int(self._index.ntotal)

    def add(self, hashes: Mapping[int, Sequence[str]]) -> None:
        """Add the hashes (64 hex digits each) of each key."""
        keys = [key for key, added in hashes.items() for _ in added]
        if keys:
            rows = _rows([each for added in hashes.values() for each in added])
            self._index.add_with_ids(rows, np.array(keys, np.int64))

    def remove(self, keys: Sequence[int]) -> None:
        """Remove all hashes of these keys; unknown keys are ignored."""
        if keys:
            self._index.remove_ids(faiss.IDSelectorBatch(np.array(keys, np.int64)))

    def near(self, queries: Sequence[str], distance: int) -> list[Neighbour]:
        """Return the hashes that differ from a query in at most ``distance`` bits, in no special order."""
        if not queries:
            return []
        limits, distances, keys = self._index.range_search(_rows(queries), distance + 1)
        counts: NDArray[np.int64] = np.diff(limits).astype(np.int64)
        found = np.repeat(np.arange(len(queries)), counts)
        return [
            Neighbour(int(query), int(key), int(bits))
            for query, key, bits in zip(found, keys, distances, strict=True)
        ]


def _rows(hashes: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, _HASH_BYTES)
