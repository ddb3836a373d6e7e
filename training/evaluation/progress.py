"""A callback type for progress reporting, independent of how progress is displayed."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class TrackProgress(Protocol):
    """Yield the items and report how many are done; ``rich.progress.Progress.track`` implements it."""

    def __call__(self, items: Iterable[Item], /, *, total: int, description: str) -> Iterable[Item]: ...


def untracked(items: Iterable[Item], /, *, total: int, description: str) -> Iterable[Item]:  # noqa: ARG001
    """Return the items without reporting progress."""
    return items
