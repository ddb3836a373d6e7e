"""Tracks which offset of a partition may be committed when its records finish out of order."""

from collections import Counter
from collections.abc import Hashable


class OffsetTracker:
    """Tracks one partition. The commit position never passes an unfinished record.

    Add records in the order of their offsets. Gaps (compaction, transaction markers) are allowed.
    """

    def __init__(self) -> None:
        # A dict keeps insertion order, which is offset order. The values are the post and the bytes.
        self._unfinished: dict[int, tuple[Hashable, int]] = {}
        self._posts: Counter[Hashable] = Counter()
        self._size = 0
        self._abandoned = 0
        self._next: int | None = None
        self._committed: int | None = None

    @property
    def unfinished(self) -> int:
        """The number of records that are not finished."""
        return len(self._unfinished)

    @property
    def pending(self) -> int:
        """The number of unfinished records that this process still works on."""
        return len(self._unfinished) - self._abandoned

    @property
    def posts(self) -> int:
        """The number of different keys among the unfinished records; each without a key counts."""
        return len(self._posts)

    @property
    def size(self) -> int:
        """The bytes of the unfinished records."""
        return self._size

    def add(self, offset: int, key: bytes | None = None, size: int = 0) -> None:
        """Add a record that was read; raise ``ValueError`` if its offset is not the highest so far."""
        if self._next is not None and offset < self._next:
            raise ValueError(f"offset {offset} was read after {self._next - 1}; add records in order")
        post: Hashable = offset if key is None else key
        self._unfinished[offset] = post, size
        self._posts[post] += 1
        self._size += size
        self._next = offset + 1

    def complete(self, offset: int) -> None:
        """Mark a record as finished: its answer, retry or dead letter is published."""
        post, size = self._unfinished.pop(offset)
        self._size -= size
        self._posts[post] -= 1
        if not self._posts[post]:
            del self._posts[post]

    def abandon(self, offset: int) -> None:
        """Mark a record that this process will not handle. It stays uncommitted and is read again later."""
        if offset not in self._unfinished:
            raise ValueError(f"offset {offset} is not unfinished; abandon only records that were added")
        self._abandoned += 1

    def position(self) -> int | None:
        """Return the offset to commit, where a restart continues to read; None before any record."""
        return next(iter(self._unfinished), self._next)

    def take_commit(self) -> int | None:
        """Return the position if it moved since the last call, else None."""
        position = self.position()
        if position == self._committed:
            return None
        self._committed = position
        return position
