"""Known media in files, to exchange them with other platforms.

CSV has a header with ``signal_type`` (pdq or sha256), ``signal_str`` (the hash in hex), and any of ``label``
(deepfake, the default, or authentic), ``reference`` and ``threshold``. JSON is as of ThreatExchange's API:
an object with a list ``data`` of indicators with ``type`` (HASH_PDQ or HASH_SHA256), ``indicator``, and any
of ``id`` and ``status`` (MALICIOUS, the default, or NON_MALICIOUS).

https://developers.facebook.com/docs/threat-exchange/reference/apis/threat-indicator
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.errors import PipelineError
from storage.known_media import THRESHOLD, KnownEntry, KnownLabel, NewEntry

MAX_FILE_BYTES = 500_000_000  # some 5 million hashes
MAX_REFERENCE = 200  # characters
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPES = {"HASH_PDQ": "pdq", "HASH_SHA256": "sha256"}
_STATUS = {"MALICIOUS": KnownLabel.DEEPFAKE, "NON_MALICIOUS": KnownLabel.AUTHENTIC}
_UNSURE = frozenset({"SUSPICIOUS", "UNKNOWN"})
_COLUMNS = ("signal_type", "signal_str", "label", "reference", "threshold")


class KnownMediaFileError(PipelineError):
    """A file of known media cannot be used; the message names the line or the entry, and the value."""


def read_entries(text: str, bank: str) -> list[NewEntry]:
    """Return the entries of a CSV or JSON file for ``bank``; raise :class:`KnownMediaFileError`.

    Indicators that ThreatExchange's members are unsure of (SUSPICIOUS, UNKNOWN) are left out.
    """
    rows = _json_rows(text) if text.lstrip().startswith("{") else _csv_rows(text)
    return [_entry(place, row, bank) for place, row in rows]


def as_csv(entries: Iterable[KnownEntry]) -> str:
    """Return entries as CSV, a line for each hash."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        for kind, value in _hashes(entry):
            writer.writerow([kind, value, entry.label.value, str(entry.entry_id), entry.threshold])
    return file.getvalue()


def as_json(entries: Iterable[KnownEntry]) -> str:
    """Return entries as JSON, an indicator for each hash."""
    types = {kind: name for name, kind in _TYPES.items()}
    statuses = {label: status for status, label in _STATUS.items()}
    data = [
        {
            "id": str(entry.entry_id),
            "type": types[kind],
            "indicator": value,
            "status": statuses[entry.label],
            "threshold": entry.threshold,
        }
        for entry in entries
        for kind, value in _hashes(entry)
    ]
    return json.dumps({"data": data}, indent=1) + "\n"


def _hashes(entry: KnownEntry) -> Iterator[tuple[str, str]]:
    if entry.sha256 is not None:
        yield "sha256", entry.sha256
    for pdq in entry.pdqs:
        yield "pdq", pdq


def _csv_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    try:
        names = reader.fieldnames or []
    except csv.Error as error:
        raise KnownMediaFileError(f"line 1: {error}") from error
    if not {"signal_type", "signal_str"} <= set(names):
        raise KnownMediaFileError(
            f"line 1 must name the columns signal_type and signal_str; it is {','.join(names)[:200]!r}"
        )
    try:
        for row in reader:
            yield f"line {reader.line_num}", row
    except csv.Error as error:
        raise KnownMediaFileError(f"line {reader.line_num}: {error}") from error


def _json_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KnownMediaFileError(f"this is no JSON: {error}") from error
    data = document.get("data")
    if not isinstance(data, list):
        raise KnownMediaFileError('the JSON object needs a list "data" of indicators')
    for number, indicator in enumerate(data):
        place = f"data[{number}]"
        if not isinstance(indicator, dict):
            raise KnownMediaFileError(f"{place} is no object but {str(indicator)[:50]!r}")
        status = indicator.get("status") or "MALICIOUS"
        if status in _UNSURE:
            continue
        if status not in _STATUS:
            raise KnownMediaFileError(
                f"{place}: the status {str(status)[:50]!r} is not {' or '.join(_STATUS)}"
            )
        yield (
            place,
            {
                "signal_type": _TYPES.get(str(indicator.get("type")), indicator.get("type")),
                "signal_str": indicator.get("indicator"),
                "label": _STATUS[status].value,
                "reference": indicator.get("id"),
                "threshold": indicator.get("threshold"),
            },
        )


def _entry(place: str, row: Mapping[str, Any], bank: str) -> NewEntry:
    kind, value = str(row["signal_type"]).lower(), str(row["signal_str"]).lower()
    if kind not in _TYPES.values():
        raise KnownMediaFileError(f"{place}: the type {kind[:50]!r} is not pdq or sha256")
    if not _HASH.fullmatch(value):
        raise KnownMediaFileError(f"{place}: {value[:80]!r} is no hash of 64 hex digits")
    label = str(row.get("label") or KnownLabel.DEEPFAKE.value)
    if label not in set(KnownLabel):
        raise KnownMediaFileError(f"{place}: the label {label[:50]!r} is not {' or '.join(KnownLabel)}")
    return NewEntry(
        KnownLabel(label),
        bank,
        sha256=value if kind == "sha256" else None,
        pdqs=(value,) if kind == "pdq" else (),
        threshold=_threshold(place, row.get("threshold")),
        reference=str(row.get("reference") or "")[:MAX_REFERENCE].replace("\x00", ""),
    )


def _threshold(place: str, value: object) -> int:
    if value is None or value == "":
        return THRESHOLD
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,2}", text) or int(text) > THRESHOLD:
        raise KnownMediaFileError(f"{place}: the threshold {text[:20]!r} is not from 0 to {THRESHOLD}")
    return int(text)
