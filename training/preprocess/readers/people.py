"""``people.csv`` and ``people-*.tar``: whole heads of known persons from CelebA, with box and landmarks."""

from collections.abc import Iterator

from training.preprocess.archive import SkippedFile, Tree
from training.preprocess.media import Framing, RawMedia
from training.preprocess.readers.table import face_from_row, labelled_pictures


def read_people(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each picture unchanged; the person is named as in the table."""
    for picture in labelled_pictures(tree, "people"):
        if isinstance(picture, SkippedFile):
            yield picture
            continue
        entry, row = picture
        yield RawMedia(
            entry, media=entry.name, person=row["person"], framing=Framing.ALIGNED, face=face_from_row(row)
        )
