"""How work tells how far it is, without knowing who looks."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Follow(Protocol):
    """Gives items back one by one and shows how many are done; ``rich.progress.Progress.track`` is one."""

    def __call__(self, items: Iterable[Item], /, *, total: int, description: str) -> Iterable[Item]: ...


def unfollowed(items: Iterable[Item], /, *, total: int, description: str) -> Iterable[Item]:  # noqa: ARG001
    """Show nothing."""
    return items
