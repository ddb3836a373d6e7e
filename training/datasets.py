"""Read photographs of faces, with box, landmarks and labels, from preprocessed shards."""

import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import CollectionUnreadableError
from training.preprocess.index import NAME, read_table

_LABELS = (
    *("name", "collection", "unit", "group", "forged", "method", "source", "original"),
    *("sex", "age", "media", "frame", "published"),
)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of one face, still encoded."""

    name: str
    collection: str
    unit: str  # unit of the split: a person or a cluster of near-duplicates
    group: str  # population group, "" if unknown
    box: NDArray[np.float32]  # (4,) x0, y0, x1, y1 in pixels
    landmarks: NDArray[np.float32]  # (5, 2) pixels: eyes, nose, mouth corners, left of the picture first
    encoded: bytes
    media: str = ""  # id of the picture or video that it was cropped from
    forged: bool = False
    method: str = ""  # forgery method, if the forgery is part of the collection
    original: str = ""  # id of the media item that was forged, if known
    sex: str = ""  # "male", "female" or "" if unknown
    age: int | None = None
    source: str = ""  # unit of the person whose face was swapped in
    frame: int = 0  # frame number in a video
    published: str = ""  # side of the split published by the collection's authors


def decode(photo: Photo) -> NDArray[np.uint8]:
    """Return the picture as (H, W, 3) uint8 RGB. Raise ValueError if it cannot be decoded."""
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


def read_collection(folder: Path) -> list[Photo]:
    """Return the crops in ``folder``, written by ``fakeme preprocess``, in the order of its index.

    Raise :class:`~training.errors.CollectionUnreadableError` if index and shards do not match.
    """
    table = read_table(folder / NAME)
    rows = {(row["shard"], row["name"]): row for row in table.to_pylist()}
    shards = sorted({shard for shard, _ in rows})
    photos = {key: _photo(rows[key], encoded) for key, encoded in _crops(folder, shards) if key in rows}
    if len(photos) < len(rows):
        missing = next(key for key in rows if key not in photos)
        raise CollectionUnreadableError(
            f"{folder / missing[0]} lacks {missing[1]}, which the index lists; fetch the shard again"
        )
    return [photos[key] for key in rows]


def _crops(folder: Path, shards: Iterable[str]) -> Iterator[tuple[tuple[str, str], bytes]]:
    for shard in shards:
        try:
            for name, encoded in read_shards([folder / shard]):
                yield (shard, name), encoded
        except (OSError, tarfile.TarError) as error:
            raise CollectionUnreadableError(
                f"{folder / shard} cannot be read ({error}); fetch the shard again"
            ) from error


def _photo(row: dict[str, Any], encoded: bytes) -> Photo:
    return Photo(
        box=np.array(row["box"], dtype=np.float32),
        landmarks=np.array(row["landmarks"], dtype=np.float32).reshape(5, 2),
        encoded=encoded,
        **{name: row[name] for name in _LABELS},
    )


def by_collection(photos: Iterable[Photo]) -> dict[str, list[Photo]]:
    """Return the photographs of each collection, in order."""
    collections: defaultdict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        collections[photo.collection].append(photo)
    return dict(collections)
