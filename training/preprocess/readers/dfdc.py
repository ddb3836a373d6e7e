"""DFDC (Dolhansky et al., 2020): parts of videos, each with a ``metadata.json``.

Persons are not labelled, so a forgery belongs to the unit of its original, and near-duplicates are joined.
An actor that appears in several recordings cannot be recognised.
"""

from collections.abc import Iterator
from typing import Any

from training.preprocess.archive import Entry, SkippedFile, Tree
from training.preprocess.labels import read_json
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia

METHOD = "dfdc"  # the collection does not label which of its eight methods made a forgery


def read_dfdc(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each video that is labelled by the ``metadata.json`` in its folder."""
    labels: dict[tuple[str, ...], dict[str, Any]] = {
        entry.folders: _labels(entry) for entry in tree.with_suffix({".json"}) if entry.stem == "metadata"
    }
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        label = labels.get(entry.folders, {}).get(entry.name)
        if not isinstance(label, dict) or label.get("label") not in {"REAL", "FAKE"}:
            yield SkippedFile(entry.path, "no label REAL or FAKE in the metadata.json of its folder")
            continue
        forged = label["label"] == "FAKE"
        yield RawMedia(
            entry,
            media=entry.name,
            forged=forged,
            method=METHOD if forged else "",
            original=str(label.get("original") or "") if forged else "",
            published=str(label.get("split") or ""),
        )


def _labels(entry: Entry) -> dict[str, Any]:
    labels = read_json(entry)
    return labels if isinstance(labels, dict) else {}
