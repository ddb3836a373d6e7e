"""One process at a time writes a folder; the kernel lets go of its lock when it dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import FolderBusyError

LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Hold a folder, which is made where it is missing.

    Yields the lock's file descriptor: a child that inherits it holds the folder too, until it ends.

    Raises :class:`~training.errors.FolderBusyError` where another process, or this one, holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusyError(
                f"another process writes {folder}; wait for it to end, or give another folder"
            ) from None
        yield file.fileno()


def is_held(folder: Path) -> bool:
    """Return whether a process holds the folder now."""
    try:
        with held(folder):
            return False
    except FolderBusyError:
        return True
