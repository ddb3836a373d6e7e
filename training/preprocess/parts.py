"""Store the result of a batch of media items atomically: crops in a tar, rows as Parquet, outcomes as JSON.

A part is a folder that is renamed into place. The rename marks its media items as done.
"""

import io
import json
import os
import shutil
import tarfile
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.preprocess import index
from training.preprocess.extraction import Outcome

FOLDER, CROPS, ROWS, OUTCOMES = "parts", "crops.tar", "rows.parquet", "outcomes.json"
_UNFINISHED = ".tmp"


@dataclass(frozen=True, slots=True)
class MediaOutcome:
    """The outcome of one media item, without its crops."""

    media: str
    path: str
    rejected: Counter[str]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part."""

    folder: Path
    outcomes: tuple[MediaOutcome, ...]

    @property
    def key(self) -> str:
        return self.folder.name

    @property
    def crops(self) -> Path:
        """The tar, which is deleted once its crops are in shards."""
        return self.folder / CROPS

    def rows(self) -> Any:
        return index.read_table(self.folder / ROWS)


def write_part(folder: Path, outcomes: Sequence[Outcome]) -> tuple[MediaOutcome, ...]:
    """Write a part below ``folder`` and return its outcomes without the crops."""
    done = tuple(
        MediaOutcome(outcome.media, outcome.path, outcome.rejected, outcome.failure) for outcome in outcomes
    )
    key = uuid.uuid4().hex
    unfinished = folder / FOLDER / f"{key}{_UNFINISHED}"
    unfinished.mkdir(parents=True)
    kept = [face for outcome in outcomes for face in outcome.kept]
    with tarfile.open(unfinished / CROPS, "w") as crops:
        for face in kept:
            add_file(crops, face.row["name"], face.encoded)
    index.write_table(unfinished / ROWS, index.table_of(face.row for face in kept))
    documents = [
        {
            "media": outcome.media,
            "path": outcome.path,
            "rejected": outcome.rejected,
            "failure": outcome.failure,
        }
        for outcome in done
    ]
    (unfinished / OUTCOMES).write_text(json.dumps(documents, ensure_ascii=False), encoding="utf-8")
    for path in (*unfinished.iterdir(), unfinished):
        _fsync(path)
    unfinished.rename(folder / FOLDER / key)
    return done


def read_parts(folder: Path) -> Iterator[Part]:
    """Yield the finished parts below ``folder``."""
    for path in sorted((folder / FOLDER).glob("*")):
        if path.suffix != _UNFINISHED:
            documents = json.loads((path / OUTCOMES).read_text(encoding="utf-8"))
            outcomes = (
                MediaOutcome(**{**document, "rejected": Counter(document["rejected"])})
                for document in documents
            )
            yield Part(path, tuple(outcomes))


def remove_unfinished(folder: Path) -> None:
    """Remove unfinished parts of a killed process; their media items count as not done."""
    for path in (folder / FOLDER).glob(f"*{_UNFINISHED}"):
        shutil.rmtree(path)


def add_file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Append a file with a reproducible tar header, which depends only on name and size."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _fsync(path: Path) -> None:
    """Flush to disk, so that a power failure cannot leave a renamed part with empty files."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
