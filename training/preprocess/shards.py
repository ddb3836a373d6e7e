"""Pack the crops of parts into shards and their rows into the index; renaming the index commits the packing.

If the process is killed before the rename, the shards are written again. If it is killed after the rename,
the next run only deletes the parts' copies of the crops.
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

SHARD_BYTES = 55 * 2**20  # fits into one transfer of 60 MB
_HEADER, _BLOCK, _RECORD = 512, 512, 10_240  # of a tar (POSIX.1 ustar)
_PACKED = "parts"  # note in the index: keys of the parts that are packed


@dataclass(frozen=True, slots=True)
class _CropLocation:
    """Location of a crop in a part's tar."""

    path: Path
    offset: int
    size: int


def pack(folder: Path, layout: str, parts: Sequence[Part], order: dict[str, int]) -> Any:
    """Pack all parts into shards and index, and return the index.

    ``order`` is the position of each media item in the collection; it decides the names of units. Crops are
    shuffled by a hash of their names, so that each shard is a representative sample.
    """
    path = folder / index.NAME
    old = index.read_table(path) if path.exists() else index.table_of([])
    packed = set(index.notes_of(old).get(_PACKED, []))
    unpacked = [part for part in parts if part.key not in packed]
    if unpacked:
        rows = _shuffled(
            _without_duplicates([part.rows() for part in unpacked], set(old["media"].to_pylist()))
        )
        shards = _write_shards(folder, layout, old, rows["name"].to_pylist(), _locate_crops(unpacked))
        rows = index.with_column(rows, "shard", shards)
        table = _with_units(index.concatenated([old, rows]), order)
        old = index.with_notes(table, {_PACKED: sorted(packed | {part.key for part in unpacked})})
        index.write_table(path, old)
    for part in parts:
        part.crops.unlink(missing_ok=True)
    return old


def _without_duplicates(tables: list[Any], known: set[str]) -> Any:
    """Return the rows of media items that are not in ``known``, of each item from one table only."""
    kept = []
    for table in tables:
        media = table["media"].to_pylist()
        new_rows = [row for row, media_id in enumerate(media) if media_id not in known]
        kept.append(_take_rows(table, new_rows))
        known |= set(media)
    return index.concatenated(kept)


def _shuffled(table: Any) -> Any:
    digests = [hashlib.sha256(name.encode()).digest() for name in table["name"].to_pylist()]
    return _take_rows(table, sorted(range(len(digests)), key=digests.__getitem__))


def _take_rows(table: Any, rows: list[int]) -> Any:
    return table.take(np.array(rows, dtype=np.int64))  # an empty list would have no type


def _locate_crops(parts: Sequence[Part]) -> dict[str, _CropLocation]:
    locations = {}
    for part in parts:
        if not part.crops.exists():
            raise CollectionUnreadableError(
                f"{part.crops} is missing, and {index.NAME} does not list its crops as packed; "
                "preprocess into a new folder"
            )
        with tarfile.open(part.crops, "r:") as crops:
            for member in crops:
                locations[member.name] = _CropLocation(part.crops, member.offset_data, member.size)
    return locations


def _write_shards(
    folder: Path,
    layout: str,
    old: Any,
    names: list[str],
    locations: dict[str, _CropLocation],
) -> list[str]:
    """Write the named crops in order to new shards and return the shard of each."""
    known = set(old["shard"].to_pylist())
    for path in folder.glob(f"{layout}-*.tar*"):
        if path.name not in known:
            path.unlink()
    shards: list[str] = []
    for number, group in enumerate(group_by_size(names, tar_sizes(names, locations)), start=len(known)):
        name = f"{layout}-{number:05}.tar"
        temporary = folder / f"{name}.tmp"
        with tarfile.open(temporary, "w") as shard:
            for crop in group:
                add_file(shard, crop, _read_crop(locations[crop]))
        _replace(temporary, folder / name)
        shards += [name] * len(group)
    return shards


def tar_sizes(names: Sequence[str], locations: dict[str, _CropLocation]) -> list[int]:
    """Return the number of bytes that each crop takes in a tar."""
    return [_HEADER + -(-locations[name].size // _BLOCK) * _BLOCK for name in names]


def group_by_size(
    names: Sequence[str], sizes: Sequence[int], limit: int = SHARD_BYTES
) -> Iterator[list[str]]:
    """Yield groups of consecutive names; the tar of a group of several has at most ``limit`` bytes."""
    group: list[str] = []
    total = _RECORD  # two empty blocks at the end, padded to a record
    for name, size in zip(names, sizes, strict=True):
        if group and total + size > limit:
            yield group
            group, total = [], _RECORD
        group.append(name)
        total += size
    if group:
        yield group


def _read_crop(location: _CropLocation) -> bytes:
    with location.path.open("rb") as file:
        file.seek(location.offset)
        return file.read(location.size)


def _replace(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _with_units(table: Any, order: dict[str, int]) -> Any:
    """Return the table with units recomputed from all rows."""
    columns = [table[name].to_pylist() for name in ("media", "person", "original", "pdq")]
    last = len(order)
    ordered_rows = sorted(range(len(table)), key=lambda row: (order.get(columns[0][row], last), row))
    ordered_units = units_of(*([column[row] for row in ordered_rows] for column in columns))
    units = [""] * len(table)
    for row, unit in zip(ordered_rows, ordered_units, strict=True):
        units[row] = unit
    return index.with_column(table, "unit", units)
