"""Plain folders: ``real/…`` and ``fake/…``, and below ``fake`` a folder a method, if there is one.

A ``labels.csv`` beside them with the columns ``file`` and ``unit``, as ``fakeme export-labels`` writes it,
says which files belong to the set, and which of them must stay on one side of a split.
"""

from collections.abc import Iterator

from training.preprocess.archive import PassedOver, Tree
from training.preprocess.labels import rows_of
from training.preprocess.media import MEDIA_SUFFIXES, RawMedia

REAL = frozenset({"real", "reals", "authentic", "original", "진짜", "원본"})
FORGED = frozenset({"fake", "fakes", "forged", "deepfake", "deepfakes", "가짜", "변조"})


def read_plain(tree: Tree) -> Iterator[RawMedia | PassedOver]:
    """Each picture and video under a folder that says what it is; who is in it is not known."""
    units = _units(tree)
    for entry in tree.with_suffix(MEDIA_SUFFIXES):
        if units and entry.path not in units:
            yield PassedOver(entry.path, "is not listed in labels.csv")
            continue
        folders = [_bare(folder) for folder in entry.folders]
        place = next((at for at, folder in enumerate(folders) if folder in REAL | FORGED), None)
        if place is None:
            yield PassedOver(entry.path, "lies in no folder named real or fake")
            continue
        forged = folders[place] in FORGED
        below = entry.folders[place + 1 :]
        yield RawMedia(
            entry,
            media=entry.path,
            forged=forged,
            method=(below[0] if below else "unknown") if forged else "",
            person=units.get(entry.path, ""),
        )


def _units(tree: Tree) -> dict[str, str]:
    """The unit of each file that a list of labels names; empty without such a list."""
    tables = [entry for entry in tree.with_suffix({".csv"}) if entry.path == "labels.csv"]
    rows = [row for table in tables for row in rows_of(table)]
    return {row["file"]: row["unit"] for row in rows if row.get("file") and row.get("unit")}


def _bare(folder: str) -> str:
    return folder.lower().removesuffix(".zip").removesuffix(".tar")
