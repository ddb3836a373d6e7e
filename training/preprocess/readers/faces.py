"""``faces.csv`` and ``faces-*.tar``: aligned faces of UTKFace with age, sex and group, and without a name."""

from collections.abc import Iterator

from training.preprocess.archive import PassedOver, Tree
from training.preprocess.media import Framing, RawMedia, sex_of
from training.preprocess.readers.tabled import face_in, tabled


def read_faces(tree: Tree) -> Iterator[RawMedia | PassedOver]:
    """Each picture, kept as it is; a table that has box and landmarks, or persons, is believed."""
    for found in tabled(tree, "faces"):
        if isinstance(found, PassedOver):
            yield found
            continue
        entry, row = found
        age = row.get("age", "")
        yield RawMedia(
            entry,
            media=entry.name,
            person=row.get("person", ""),
            group=row.get("group", ""),
            sex=sex_of(row.get("gender", "")),
            age=int(age) if age.isdigit() else None,
            framing=Framing.ALIGNED,
            face=face_in(row),
        )
