"""VGGFace2-HQ (Chen et al.): one folder of 512x512 faces for each identity; no forgeries."""

from collections.abc import Iterator

from training.preprocess.archive import Entry, SkippedFile, Tree
from training.preprocess.labels import read_rows
from training.preprocess.media import IMAGE_SUFFIXES, RawMedia, sex_of

_ARCHIVES = (".zip", ".tar")


def read_vggface2_hq(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each picture; the person is its folder, the sex comes from ``identity_meta.csv`` if present."""
    sexes = _sexes(tree)
    for entry in tree.with_suffix(IMAGE_SUFFIXES):
        identity = _identity(entry)
        if not identity:
            yield SkippedFile(entry.path, "is not in the folder of an identity")
            continue
        yield RawMedia(
            entry,
            media=f"{identity}/{entry.name}",
            person=f"vggface2/{identity}",
            sex=sexes.get(identity, ""),
        )


def _identity(entry: Entry) -> str:
    """Return the name of the folder, or of an archive that contains one identity (``n000002.zip``)."""
    folder = entry.folders[-1] if entry.folders else ""
    stem = next((folder.removesuffix(end) for end in _ARCHIVES if folder.endswith(end)), folder)
    return stem if stem == folder or stem.startswith("n0") else ""


def _sexes(tree: Tree) -> dict[str, str]:
    tables = [entry for entry in tree.with_suffix({".csv"}) if entry.name == "identity_meta.csv"]
    rows = (row for table in tables for row in read_rows(table))
    return {row.get("Class_ID", ""): sex_of(row.get("Gender", "")) for row in rows}
