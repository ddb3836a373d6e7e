"""Lists the files that a user named: files as they are, folders with every regular file below them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield each path that is no folder, and the files below each folder in the order of their names.

    Links to folders are not followed, and pipes and devices in a folder are skipped: they have no end.
    """
    for path in paths:
        if path.is_dir():
            yield from _regular_files(path)
        else:
            yield path


def _regular_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        files = (Path(parent, name) for name in sorted(names))
        yield from (file for file in files if file.is_file())
