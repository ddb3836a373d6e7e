"""Plain folders: ``real/…`` and ``fake/…``, optionally with one folder for each method below ``fake``.

An optional ``labels.csv`` with the columns ``file`` and ``unit``, as written by ``fakeme export-labels``,
lists the files of the set and the unit of each, which must stay on one side of a split.
"""

from collections.abc import Iterator

from training.preprocess.archive import SkippedFile, Tree
from training.preprocess.labels import read_rows
from training.preprocess.media import MEDIA_SUFFIXES, RawMedia

REAL = frozenset({"real", "reals", "authentic", "original", "진짜", "원본"})
FORGED = frozenset({"fake", "fakes", "forged", "deepfake", "deepfakes", "가짜", "변조"})


def read_plain(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each picture and video in a folder named real or fake; persons are unknown."""
    units = _units(tree)
    for entry in tree.with_suffix(MEDIA_SUFFIXES):
        if units and entry.path not in units:
            yield SkippedFile(entry.path, "is not listed in labels.csv")
            continue
        folders = [_without_archive_suffix(folder) for folder in entry.folders]
        depth = next((number for number, folder in enumerate(folders) if folder in REAL | FORGED), None)
        if depth is None:
            yield SkippedFile(entry.path, "is not in a folder named real or fake")
            continue
        forged = folders[depth] in FORGED
        below = entry.folders[depth + 1 :]
        yield RawMedia(
            entry,
            media=entry.path,
            forged=forged,
            method=(below[0] if below else "unknown") if forged else "",
            person=units.get(entry.path, ""),
        )


def _units(tree: Tree) -> dict[str, str]:
    """Return the unit of each file listed in ``labels.csv``; empty if there is no such file."""
    tables = [entry for entry in tree.with_suffix({".csv"}) if entry.path == "labels.csv"]
    rows = [row for table in tables for row in read_rows(table)]
    return {row["file"]: row["unit"] for row in rows if row.get("file") and row.get("unit")}


def _without_archive_suffix(folder: str) -> str:
    return folder.lower().removesuffix(".zip").removesuffix(".tar")
