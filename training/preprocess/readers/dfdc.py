"""DFDC (Dolhansky et al., 2020): parts of videos, each with a ``metadata.json``.

Who is in a video is not told, so a forgery belongs to the unit of its original, and near-duplicates join
units; that an actor returns in another recording cannot be seen.
"""

from collections.abc import Iterator
from typing import Any

from training.preprocess.archive import Entry, PassedOver, Tree
from training.preprocess.labels import json_of
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia

METHOD = "dfdc"  # the set does not say which of its eight methods made a forgery


def read_dfdc(tree: Tree) -> Iterator[RawMedia | PassedOver]:
    """Each video that the ``metadata.json`` beside it labels."""
    labels: dict[tuple[str, ...], dict[str, Any]] = {
        entry.folders: _labels(entry) for entry in tree.with_suffix({".json"}) if entry.stem == "metadata"
    }
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        label = labels.get(entry.folders, {}).get(entry.name)
        if not isinstance(label, dict) or label.get("label") not in {"REAL", "FAKE"}:
            yield PassedOver(entry.path, "no label REAL or FAKE in the metadata.json beside it")
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
    found = json_of(entry)
    return found if isinstance(found, dict) else {}
