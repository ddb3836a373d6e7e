"""The index of a folder of crops: one row a crop, as Parquet."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from training.errors import CollectionUnreadableError, MissingPackageError

NAME = "index.parquet"
TEXT, REAL, NUMBER, FLAG = "string", "float32", "int32", "bool_"  # names of pyarrow's types
COLUMNS = {
    "name": TEXT,  # of the picture in its shard
    "shard": TEXT,
    "collection": TEXT,
    "media": TEXT,  # picture or video that the crop is from
    "frame": NUMBER,  # of those taken from the media
    "seconds": REAL,  # time of the frame; null in a still
    "forged": FLAG,
    "method": TEXT,
    "unit": TEXT,  # what stays on one side of a split
    "person": TEXT,  # unit as the collection knows it; empty where nobody is named
    "source": TEXT,  # unit of the person whose face was put in
    "original": TEXT,  # media that a forgery was made from
    "group": TEXT,
    "sex": TEXT,
    "age": NUMBER,
    "published": TEXT,  # side in the split that the collection's authors published
    "width": NUMBER,
    "height": NUMBER,
    "box": "list:4",  # x0, y0, x1, y1 in pixels of the crop
    "landmarks": "list:10",  # x, y of eyes, nose, mouth corners, left in the picture first
    "probability": REAL,  # MTCNN's
    "pixels": REAL,  # shorter edge of the face's box in the media
    "sharpness": REAL,
    "turn": REAL,
    "tilt": REAL,  # degrees
    "pdq": "binary:32",
    "sha256": TEXT,  # of the encoded crop
}


def table_of(rows: Iterable[dict[str, Any]], notes: dict[str, Any] | None = None) -> Any:
    """Rows as a ``pyarrow.Table``; columns that a row lacks are null. ``notes`` is any JSON, kept beside."""
    arrow = _arrow()
    schema = arrow.schema([arrow.field(name, _type(kind)) for name, kind in COLUMNS.items()])
    return with_notes(arrow.Table.from_pylist(list(rows), schema=schema), notes or {})


def with_notes(table: Any, notes: dict[str, Any]) -> Any:
    """The table with ``notes`` in place of those it had."""
    return table.replace_schema_metadata({"fakeme": json.dumps(notes)})


def notes_of(table: Any) -> dict[str, Any]:
    """What was kept beside the rows."""
    notes: dict[str, Any] = json.loads((table.schema.metadata or {}).get(b"fakeme", b"{}"))
    return notes


def write_table(path: Path, table: Any) -> None:
    """Write a Parquet file so that it is there whole or not at all."""
    from pyarrow import parquet  # noqa: PLC0415 - in the extra `train`

    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    parquet.write_table(table, temporary, compression="zstd")
    temporary.replace(path)


def read_table(path: Path) -> Any:
    """The rows of a Parquet file of ours; raises :class:`CollectionUnreadableError`."""
    arrow = _arrow()
    from pyarrow import parquet  # noqa: PLC0415 - in the extra `train`

    try:
        table = parquet.read_table(path)
    except FileNotFoundError as error:
        raise CollectionUnreadableError(
            f"{path} is not there; make it with `fakeme preprocess`, or let an interrupted run finish"
        ) from error
    except (arrow.ArrowInvalid, OSError) as error:
        raise CollectionUnreadableError(f"{path} cannot be read as Parquet ({error})") from error
    missing = COLUMNS.keys() - set(table.column_names)
    if missing:
        raise CollectionUnreadableError(f"{path} lacks the columns {', '.join(sorted(missing))}")
    return table


def with_column(table: Any, name: str, values: Sequence[str]) -> Any:
    """The table with other values in one of its columns of text."""
    place = table.schema.get_field_index(name)
    field = table.schema.field(place)
    return table.set_column(place, field, _arrow().array(values, field.type))


def concatenated(tables: Iterable[Any]) -> Any:
    """Tables of one schema, one after another, without their notes."""
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
