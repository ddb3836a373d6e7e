"""``faces.csv`` and ``faces-*.tar``: aligned faces of UTKFace with age, sex and group, without names."""

from collections.abc import Iterator

from training.preprocess.archive import SkippedFile, Tree
from training.preprocess.media import Framing, RawMedia, sex_of
from training.preprocess.readers.table import face_from_row, labelled_pictures


def read_faces(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each picture unchanged; box, landmarks and person come from the table if it has them."""
    for picture in labelled_pictures(tree, "faces"):
        if isinstance(picture, SkippedFile):
            yield picture
            continue
        entry, row = picture
        age = row.get("age", "")
        yield RawMedia(
            entry,
            media=entry.name,
            person=row.get("person", ""),
            group=row.get("group", ""),
            sex=sex_of(row.get("gender", "")),
            age=int(age) if age.isdigit() else None,
            framing=Framing.ALIGNED,
            face=face_from_row(row),
        )
