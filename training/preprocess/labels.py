"""Read label files of collections: CSV and JSON, in UTF-8 or CP949."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterator
from typing import Any

from training.errors import CollectionUnreadableError
from training.preprocess.archive import Entry, read


def read_text(entry: Entry) -> str:
    """Return the text in NFC: UTF-8 with or without BOM, else CP949, as saved by Korean spreadsheets."""
    content = read(entry)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949", errors="replace")
    return unicodedata.normalize("NFC", text)


def read_rows(entry: Entry) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, with surrounding spaces removed from names and values."""
    for row in csv.DictReader(io.StringIO(read_text(entry))):
        yield {key.strip(): (value or "").strip() for key, value in row.items() if key is not None}


def read_json(entry: Entry) -> Any:
    """Return the value of a JSON file; raises :class:`CollectionUnreadableError`."""
    try:
        return json.loads(read_text(entry))
    except ValueError as error:
        raise CollectionUnreadableError(
            f"{entry.path} is not valid JSON ({error}); download it again"
        ) from error
