"""``people.csv`` and ``people-*.tar``: whole heads of known persons from CelebA, with box and landmarks."""

from collections.abc import Iterator

from training.preprocess.archive import PassedOver, Tree
from training.preprocess.media import Framing, RawMedia
from training.preprocess.readers.tabled import face_in, tabled


def read_people(tree: Tree) -> Iterator[RawMedia | PassedOver]:
    """Each picture, kept as it is; the person is named as in the table."""
    for found in tabled(tree, "people"):
        if isinstance(found, PassedOver):
            yield found
            continue
        entry, row = found
        yield RawMedia(
            entry, media=entry.name, person=row["person"], framing=Framing.ALIGNED, face=face_in(row)
        )
