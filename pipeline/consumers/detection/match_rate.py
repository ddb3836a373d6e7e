"""Notices when a known entry matches so many posts that its automatic action must stop. Pure."""

from collections import OrderedDict, deque
from collections.abc import Callable
from uuid import UUID

WINDOW_SECONDS = 60.0
ENTRIES = 10_000  # with recent matches; those matched longest ago are forgotten


class MatchRate:
    """Counts the matches of each entry in the last minute, in one worker."""

    def __init__(self, limit: int, on_change: Callable[[UUID, bool], None]) -> None:
        """``on_change`` is told when an entry exceeds ``limit`` matches a minute, and when that is over."""
        self._limit = limit
        self._on_change = on_change
        self._times: OrderedDict[UUID, deque[float]] = OrderedDict()
        self._flooding: set[UUID] = set()

    def count(self, entry: UUID, now: float) -> bool:
        """Count a match at ``now`` (seconds); return whether the entry matches too often."""
        times = self._times.setdefault(entry, deque(maxlen=self._limit + 1))
        self._times.move_to_end(entry)
        if len(self._times) > ENTRIES:
            self.forget(next(iter(self._times)))
        times.append(now)
        if len(self._matches(entry, now)) > self._limit and entry not in self._flooding:
            self._flooding.add(entry)
            self._on_change(entry, True)
        return entry in self._flooding

    def flooding(self, entry: UUID) -> bool:
        """Return whether the entry matched too often at its last match."""
        return entry in self._flooding

    def end_floods(self, now: float) -> None:
        """End the floods of entries that match less than half as often by now; call it regularly."""
        for entry in [each for each in self._flooding if len(self._matches(each, now)) < self._limit / 2]:
            self._end(entry)

    def forget(self, entry: UUID) -> None:
        """Forget an entry, which was removed or has not matched for long."""
        self._times.pop(entry, None)
        if entry in self._flooding:
            self._end(entry)

    def _matches(self, entry: UUID, now: float) -> deque[float]:
        times = self._times.get(entry, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        return times

    def _end(self, entry: UUID) -> None:
        self._flooding.discard(entry)
        self._on_change(entry, False)
