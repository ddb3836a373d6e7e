"""Lock a folder so that one process at a time writes to it; the kernel releases the lock if it dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import FolderBusyError

LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Hold the lock of a folder, which is created if missing.

    Yield the lock's file descriptor. A child process that inherits it keeps the lock until it ends.

    Raise :class:`~training.errors.FolderBusyError` if this or another process holds the lock.
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
    """Return whether a process holds the lock of the folder."""
    try:
        with held(folder):
            return False
    except FolderBusyError:
        return True
