"""What a batch of media became, on disk whole or not at all: crops in a tar, rows and outcomes as Parquet.

A part is a folder that is renamed into place, which is the one step by which its media become done.
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
class Done:
    """What became of one media, without its crops."""

    media: str
    path: str
    rejected: Counter[str]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part."""

    folder: Path
    outcomes: tuple[Done, ...]

    @property
    def key(self) -> str:
        return self.folder.name

    @property
    def crops(self) -> Path:
        """The tar, which is gone when its crops are in shards."""
        return self.folder / CROPS

    def rows(self) -> Any:
        return index.read_table(self.folder / ROWS)


def write_part(folder: Path, outcomes: Sequence[Outcome]) -> tuple[Done, ...]:
    """Write what came of some media below ``folder``; returns it without the crops."""
    done = tuple(Done(o.media, o.path, o.rejected, o.failure) for o in outcomes)
    key = uuid.uuid4().hex
    unfinished = folder / FOLDER / f"{key}{_UNFINISHED}"
    unfinished.mkdir(parents=True)
    kept = [face for outcome in outcomes for face in outcome.kept]
    with tarfile.open(unfinished / CROPS, "w") as crops:
        for face in kept:
            add_file(crops, face.row["name"], face.encoded)
    index.write_table(unfinished / ROWS, index.table_of(face.row for face in kept))
    documents = [
        {"media": d.media, "path": d.path, "rejected": d.rejected, "failure": d.failure} for d in done
    ]
    (unfinished / OUTCOMES).write_text(json.dumps(documents, ensure_ascii=False), encoding="utf-8")
    for path in (*unfinished.iterdir(), unfinished):
        _to_disk(path)
    unfinished.rename(folder / FOLDER / key)
    return done


def read_parts(folder: Path) -> Iterator[Part]:
    """The finished parts below ``folder``."""
    for path in sorted((folder / FOLDER).glob("*")):
        if path.suffix != _UNFINISHED:
            documents = json.loads((path / OUTCOMES).read_text(encoding="utf-8"))
            outcomes = (Done(**{**d, "rejected": Counter(d["rejected"])}) for d in documents)
            yield Part(path, tuple(outcomes))


def drop_unfinished(folder: Path) -> None:
    """Remove what a killed process left; its media are not done."""
    for path in (folder / FOLDER).glob(f"*{_UNFINISHED}"):
        shutil.rmtree(path)


def add_file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Append a file whose tar header depends on nothing but name and size."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _to_disk(path: Path) -> None:
    """So that a power cut cannot leave a renamed part with empty files."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
