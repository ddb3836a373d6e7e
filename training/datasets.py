"""Real face photographs with box, landmarks and the person or cluster they belong to.

Reads the prepared index (see ``prepare``) and the pictures' bytes; splitting is left to ``splits``.
"""

import csv
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

LANDMARKS = ("eye1", "eye2", "nose", "mouth1", "mouth2")  # left of the picture first
BOX_COLUMNS = ("box_x0", "box_y0", "box_x1", "box_y1")
LANDMARK_COLUMNS = tuple(f"{point}_{axis}" for point in LANDMARKS for axis in "xy")


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of one face, still encoded."""

    name: str
    collection: str  # "people": whole heads, natural framing; "faces": tight, aligned
    unit: str  # what must stay on one side of a split: a person, or a cluster of near-duplicates
    group: str  # population group where it is known, else ""
    box: NDArray[np.float32]  # (4,) x0, y0, x1, y1 in pixels
    landmarks: NDArray[np.float32]  # (5, 2) in pixels
    encoded: bytes


def decode(photo: Photo) -> NDArray[np.uint8]:
    """Return the picture as (H, W, 3) uint8 RGB; raises ValueError where its bytes are no picture."""
    pixels = cv2.imdecode(np.frombuffer(photo.encoded, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{photo.collection}/{photo.name} cannot be decoded; fetch the data set again")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def read_shards(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, bytes) of each file in the tars."""
    for path in paths:
        with tarfile.open(path) as shard:
            for member in shard:
                content = shard.extractfile(member)
                if content is not None:
                    yield Path(member.name).name, content.read()


def read_rows(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a CSV file by their ``name``."""
    with path.open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def _photo(collection: str, unit: str, row: dict[str, str], group: str, encoded: bytes) -> Photo:
    box = np.array([float(row[column]) for column in BOX_COLUMNS], dtype=np.float32)
    points = np.array([float(row[column]) for column in LANDMARK_COLUMNS], dtype=np.float32)
    return Photo(row["name"], collection, unit, group, box, points.reshape(5, 2), encoded)


def read_people(folder: Path) -> list[Photo]:
    """Return the photographs of known persons in ``folder`` (people.csv, people-*.tar)."""
    rows = read_rows(folder / "people.csv")
    shards = sorted(folder.glob("people-*.tar"))
    return [
        _photo("people", rows[name]["person"], rows[name], "", encoded)
        for name, encoded in read_shards(shards)
        if name in rows
    ]


def read_faces(folder: Path, index: Path) -> list[Photo]:
    """Return the aligned faces in ``folder`` (faces.csv, faces-*.tar) that the prepared index knows."""
    rows, prepared = read_rows(folder / "faces.csv"), read_rows(index)
    shards = sorted(folder.glob("faces-*.tar"))
    return [
        _photo("faces", prepared[name]["cluster"], prepared[name], rows[name]["group"], encoded)
        for name, encoded in read_shards(shards)
        if name in prepared
    ]
