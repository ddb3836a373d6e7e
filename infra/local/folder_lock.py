"""Allows one supervisor per data folder, with a lock file that the kernel releases when its holder dies."""

import fcntl
import os
import time
from pathlib import Path
from typing import TextIO

from infra.errors import AlreadyRunningError

NAME = "supervisor.lock"
ACQUIRE_TIMEOUT_SECONDS = 0.5  # `fakeme status` holds the lock for a moment to see whether it can


class FolderLock:
    """A lock held from :meth:`acquire` until :meth:`release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: TextIO | None = None

    def acquire(self) -> None:
        """Take the lock and write this process's pid into it; raise AlreadyRunningError if it is taken."""
        file = (self._folder / NAME).open("a+")
        deadline = time.monotonic() + ACQUIRE_TIMEOUT_SECONDS
        while not _try(file):
            if time.monotonic() > deadline:
                file.close()
                raise AlreadyRunningError(self._folder, _pid(self._folder))
            time.sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Release the lock if it is held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def holder(folder: Path) -> int | None:
    """Return the pid of the process that holds the lock of ``folder``; None if it is free."""
    try:
        with (folder / NAME).open("r+") as file:
            return None if _try(file) else _pid(folder)
    except FileNotFoundError:
        return None


def _try(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(folder: Path) -> int | None:
    text = (folder / NAME).read_text().strip()
    return int(text) if text.isdigit() else None
