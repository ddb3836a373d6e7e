"""Label files of collections: CSV and JSON, in the encodings that they come in."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterator
from typing import Any

from training.errors import CollectionUnreadableError
from training.preprocess.archive import Entry, read


def text_of(entry: Entry) -> str:
    """The file's text in NFC: UTF-8 with or without mark, else CP949, as Korean spreadsheets save it."""
    content = read(entry)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp949", errors="replace")
    return unicodedata.normalize("NFC", text)


def rows_of(entry: Entry) -> Iterator[dict[str, str]]:
    """The rows of a CSV file; names and values without spaces around them."""
    for row in csv.DictReader(io.StringIO(text_of(entry))):
        yield {key.strip(): (value or "").strip() for key, value in row.items() if key is not None}


def json_of(entry: Entry) -> Any:
    """The value in a JSON file; raises :class:`CollectionUnreadableError`."""
    try:
        return json.loads(text_of(entry))
    except ValueError as error:
        raise CollectionUnreadableError(f"{entry.path} is no JSON ({error}); fetch it again") from error
