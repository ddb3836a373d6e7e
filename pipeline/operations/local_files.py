"""Lists and reads the files that a user named: folders stand for every regular file below them."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from inference.media.limits import MediaLimits


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield each path that is no folder, and the files below each folder in the order of their names.

    Links to folders are not followed, and pipes and devices in a folder are skipped: they have no end.
    """
    for path in paths:
        if path.is_dir():
            yield from _regular_files(path)
        else:
            yield path


def read_file(file: Path, limits: MediaLimits) -> bytes:
    """Return the content of a regular file.

    Raise :class:`~inference.errors.Unprocessable` if it is too large, and ``OSError`` if it cannot be read.
    """
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")  # a pipe has no end
    limits.check_bytes(status.st_size)  # before reading, because it may not fit into memory
    return file.read_bytes()


def _regular_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        files = (Path(parent, name) for name in sorted(names))
        yield from (file for file in files if file.is_file())
