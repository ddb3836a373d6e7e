"""Which offset of a partition may be committed, when work on its records ends out of order."""


class OffsetTracker:
    """Follows one partition: the commit position is behind every record that has not ended.

    Records are added in the order of their offsets; gaps (compaction, transaction markers) are fine.
    """

    def __init__(self) -> None:
        self._open: dict[int, None] = {}  # a dict keeps the order of arrival, which is that of offsets
        self._abandoned = 0
        self._next: int | None = None
        self._committed: int | None = None

    @property
    def open(self) -> int:
        """Number of records that have not ended."""
        return len(self._open)

    def add(self, offset: int) -> None:
        """A record was read."""
        if self._next is not None and offset < self._next:
            raise ValueError(f"offset {offset} was read after {self._next - 1}; add records in order")
        self._open[offset] = None
        self._next = offset + 1

    def complete(self, offset: int) -> None:
        """A record has ended: its answer is published, or it waits elsewhere."""
        self._open.pop(offset)

    def abandon(self, offset: int) -> None:
        """Nobody will work on this record here; it stays open, so that it is read again elsewhere."""
        if offset not in self._open:
            raise ValueError(f"offset {offset} is not open; abandon only what was added and has not ended")
        self._abandoned += 1

    @property
    def pending(self) -> int:
        """Number of records that have not ended and are still worked on."""
        return len(self._open) - self._abandoned

    def position(self) -> int | None:
        """The offset to commit (of the next record to read after a restart); None before any record."""
        return next(iter(self._open), self._next)

    def take_commit(self) -> int | None:
        """The position if it moved since the last call, else None."""
        position = self.position()
        if position == self._committed:
            return None
        self._committed = position
        return position
