"""The Parquet index of a folder of crops, with one row for each crop."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from training.errors import CollectionUnreadableError, MissingPackageError

NAME = "index.parquet"
TEXT, REAL, NUMBER, FLAG = "string", "float32", "int32", "bool_"  # pyarrow type names
COLUMNS = {
    "name": TEXT,  # of the crop in its shard
    "shard": TEXT,
    "collection": TEXT,
    "media": TEXT,  # id of the picture or video that the crop comes from
    "frame": NUMBER,  # number among the sampled frames
    "seconds": REAL,  # time of the frame; null for a picture
    "forged": FLAG,
    "method": TEXT,
    "unit": TEXT,  # group that must stay on one side of a split
    "person": TEXT,  # person named by the collection; empty if unknown
    "source": TEXT,  # unit of the person that provided the swapped face
    "original": TEXT,  # media id that a forgery was made from
    "group": TEXT,
    "sex": TEXT,
    "age": NUMBER,
    "published": TEXT,  # side in the split published by the collection's authors
    "width": NUMBER,
    "height": NUMBER,
    "box": "list:4",  # x0, y0, x1, y1 in pixels of the crop
    "landmarks": "list:10",  # x, y of eyes, nose and mouth corners; the left one in the picture first
    "probability": REAL,  # MTCNN's
    "pixels": REAL,  # shorter edge of the face box in the source media
    "sharpness": REAL,
    "turn": REAL,
    "tilt": REAL,  # degrees
    "pdq": "binary:32",
    "sha256": TEXT,  # of the encoded crop
}


def table_of(rows: Iterable[dict[str, Any]], notes: dict[str, Any] | None = None) -> Any:
    """Return the rows as a ``pyarrow.Table`` with ``notes`` as JSON metadata; missing values are null."""
    arrow = _arrow()
    schema = arrow.schema([arrow.field(name, _type(kind)) for name, kind in COLUMNS.items()])
    return with_notes(arrow.Table.from_pylist(list(rows), schema=schema), notes or {})


def with_notes(table: Any, notes: dict[str, Any]) -> Any:
    """Return the table with its notes replaced."""
    return table.replace_schema_metadata({"fakeme": json.dumps(notes)})


def notes_of(table: Any) -> dict[str, Any]:
    """Return the notes of a table."""
    notes: dict[str, Any] = json.loads((table.schema.metadata or {}).get(b"fakeme", b"{}"))
    return notes


def write_table(path: Path, table: Any) -> None:
    """Write a Parquet file atomically."""
    from pyarrow import parquet  # noqa: PLC0415 - in the extra `train`

    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    parquet.write_table(table, temporary, compression="zstd")
    temporary.replace(path)


def read_table(path: Path) -> Any:
    """Return the rows of an index or part file; raises :class:`CollectionUnreadableError`."""
    arrow = _arrow()
    from pyarrow import parquet  # noqa: PLC0415 - in the extra `train`

    try:
        table = parquet.read_table(path)
    except FileNotFoundError as error:
        raise CollectionUnreadableError(
            f"{path} does not exist; make it with `fakeme preprocess`, or let an interrupted run finish"
        ) from error
    except (arrow.ArrowInvalid, OSError) as error:
        raise CollectionUnreadableError(f"{path} cannot be read as Parquet ({error})") from error
    missing = COLUMNS.keys() - set(table.column_names)
    if missing:
        raise CollectionUnreadableError(
            f"{path} has no columns {', '.join(sorted(missing))}; preprocess the collection again"
        )
    return table


def with_column(table: Any, name: str, values: Sequence[str]) -> Any:
    """Return the table with one text column replaced."""
    position = table.schema.get_field_index(name)
    field = table.schema.field(position)
    return table.set_column(position, field, _arrow().array(values, field.type))


def concatenated(tables: Iterable[Any]) -> Any:
    """Return the concatenated tables of one schema, without notes."""
    return _arrow().concat_tables([with_notes(table, {}) for table in tables])


def _arrow() -> ModuleType:
    try:
        import pyarrow  # noqa: PLC0415 - in the extra `train`
    except ImportError as error:
        raise MissingPackageError(
            "reading and writing indexes needs pyarrow: install fakeme[train]"
        ) from error
    arrow: ModuleType = pyarrow
    return arrow


def _type(kind: str) -> Any:
    arrow = _arrow()
    base, _, length = kind.partition(":")
    if base == "list":
        return arrow.list_(arrow.float32(), int(length))
    if base == "binary":
        return arrow.binary(int(length))
    return getattr(arrow, base)()
