"""Crops of parts into shards, and rows into the index; the index's rename is the one step that counts.

Killed before it, the shards are written again; killed after it, what is left to do is removing crops that
are in two places.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import CollectionUnreadableError
from training.preprocess import index
from training.preprocess.parts import Part, add_file
from training.preprocess.units import units_of

SHARD_BYTES = 55 * 2**20  # travels in one transfer of 60 MB
_HEADER, _BLOCK, _RECORD = 512, 512, 10_240  # of a tar (POSIX.1 ustar)
_PACKED = "parts"  # note in the index: keys of the parts whose crops are in shards


@dataclass(frozen=True, slots=True)
class _Place:
    """A crop in a part's tar."""

    path: Path
    offset: int
    size: int


def pack(folder: Path, layout: str, parts: Sequence[Part], order: dict[str, int]) -> Any:
    """Bring all parts into shards and index; returns the index.

    ``order`` is the media's order in the collection, which names clusters. Shards are mixed by a hash of the
    crops' names, so that each is a fair sample.
    """
    path = folder / index.NAME
    old = index.read_table(path) if path.exists() else index.table_of([])
    packed = set(index.notes_of(old).get(_PACKED, []))
    fresh = [part for part in parts if part.key not in packed]
    if fresh:
        rows = _mixed(_once([part.rows() for part in fresh], set(old["media"].to_pylist())))
        shards = _write_shards(folder, layout, old, rows["name"].to_pylist(), _places(fresh))
        rows = index.with_column(rows, "shard", shards)
        table = _with_units(index.concatenated([old, rows]), order)
        old = index.with_notes(table, {_PACKED: sorted(packed | {part.key for part in fresh})})
        index.write_table(path, old)
    for part in parts:
        part.crops.unlink(missing_ok=True)
    return old


def _once(tables: list[Any], known: set[str]) -> Any:
    """All rows of media that are not known, of each media from one table only."""
    kept = []
    for table in tables:
        media = table["media"].to_pylist()
        kept.append(_taken(table, [row for row, one in enumerate(media) if one not in known]))
        known |= set(media)
    return index.concatenated(kept)


def _mixed(table: Any) -> Any:
    digests = [hashlib.sha256(name.encode()).digest() for name in table["name"].to_pylist()]
    return _taken(table, sorted(range(len(digests)), key=digests.__getitem__))


def _taken(table: Any, rows: list[int]) -> Any:
    return table.take(np.array(rows, dtype=np.int64))  # a list without a row has no type


def _places(parts: Sequence[Part]) -> dict[str, _Place]:
    places = {}
    for part in parts:
        if not part.crops.exists():
            raise CollectionUnreadableError(
                f"{part.crops} is gone, and no {index.NAME} says that its crops are in shards; "
                "preprocess into a new folder"
            )
        with tarfile.open(part.crops, "r:") as crops:
            for member in crops:
                places[member.name] = _Place(part.crops, member.offset_data, member.size)
    return places


def _write_shards(
    folder: Path,
    layout: str,
    old: Any,
    names: list[str],
    places: dict[str, _Place],
) -> list[str]:
    """Write the named crops in order to new shards; returns the shard of each."""
    known = set(old["shard"].to_pylist())
    for path in folder.glob(f"{layout}-*.tar*"):
        if path.name not in known:
            path.unlink()
    shards: list[str] = []
    for number, group in enumerate(cut_by_size(names, places_size(names, places)), start=len(known)):
        name = f"{layout}-{number:05}.tar"
        temporary = folder / f"{name}.tmp"
        with tarfile.open(temporary, "w") as shard:
            for crop in group:
                add_file(shard, crop, _content(places[crop]))
        _replace(temporary, folder / name)
        shards += [name] * len(group)
    return shards


def places_size(names: Sequence[str], places: dict[str, _Place]) -> list[int]:
    """Bytes that each crop takes in a tar."""
    return [_HEADER + -(-places[name].size // _BLOCK) * _BLOCK for name in names]


def cut_by_size(names: Sequence[str], sizes: Sequence[int], limit: int = SHARD_BYTES) -> Iterator[list[str]]:
    """Neighbours whose tar stays within ``limit`` bytes; one larger than that is alone."""
    group: list[str] = []
    total = _RECORD  # two empty blocks at the end, filled up to a record
    for name, size in zip(names, sizes, strict=True):
        if group and total + size > limit:
            yield group
            group, total = [], _RECORD
        group.append(name)
        total += size
    if group:
        yield group


def _content(place: _Place) -> bytes:
    with place.path.open("rb") as file:
        file.seek(place.offset)
        return file.read(place.size)


def _replace(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _with_units(table: Any, order: dict[str, int]) -> Any:
    """The table with its units worked out anew from all of its rows."""
    columns = [table[name].to_pylist() for name in ("media", "person", "original", "pdq")]
    last = len(order)
    turns = sorted(range(len(table)), key=lambda row: (order.get(columns[0][row], last), row))
    found = units_of(*([column[row] for row in turns] for column in columns))
    units = [""] * len(table)
    for row, unit in zip(turns, found, strict=True):
        units[row] = unit
    return index.with_column(table, "unit", units)
