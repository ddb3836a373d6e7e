"""The export folder: its salt, its rows, its media; files are written whole or not at all."""

import csv
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

from pipeline.errors import ExportFolderError
from pipeline.operations.label_export.sample import LeftOut, Sample, Truth

COLUMNS = (
    *("sha256", "label", "unit", "file", "case", "media", "decided_at", "decisions"),
    *("model", "score", "pdq", "accounts"),
)
LEFT_OUT_COLUMNS = ("case", "media", "sha256", "reason")
LABELS, LEFT_OUT, SALT, INCOMING = "labels.csv", "left-out.csv", "salt", ".incoming"
ACCOUNT_DIGITS = 32  # hex: 128 bits, which no two accounts share by chance
_NAMED_BY_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ExportFolder:
    """An open export folder: ``rows`` of the export before, and where ``media`` lie, by SHA-256."""

    root: Path
    salt: bytes
    rows: Sequence[Sample]
    media: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path) -> "ExportFolder":
        """The export in ``root``, begun if it is empty or not there; raises :class:`ExportFolderError`."""
        begun = (root / SALT).exists()
        if root.exists() and not begun and (not root.is_dir() or any(root.iterdir())):
            raise ExportFolderError(f"{root} is no export of labels (no {SALT} in it): name an empty folder")
        for name in (*Truth, INCOMING):
            (root / name).mkdir(parents=True, exist_ok=True)
        if not begun:
            _begin(root / SALT)
        rows = _read(root / LABELS)
        found = {path.stem: path for name in (*Truth, INCOMING) for path in _media(root / name)}
        return cls(root, bytes.fromhex((root / SALT).read_text()), rows, found)

    def account(self, author_id: str) -> str:
        """What stands for an account in this export, and in no other."""
        return hmac.new(self.salt, author_id.encode(), hashlib.sha256).hexdigest()[:ACCOUNT_DIGITS]

    def receive(self, sha256: str, suffix: str, data: bytes) -> None:
        """Keep fetched bytes, unless they are there, until it is known whether they belong to the set."""
        if sha256 in self.media:
            return
        path = self.root / INCOMING / f"{sha256}{suffix}"
        partial = path.with_name(f"{path.name}.partial")
        partial.write_bytes(data)
        partial.replace(path)
        self.media[sha256] = path

    def settle(self, samples: Iterable[Sample], left_out: Iterable[LeftOut]) -> None:
        """Let the folder hold these samples and nothing else.

        Media come before the rows and go after them, so that a row never names a file that is not there.
        """
        samples = list(samples)
        for one in samples:
            self.media[one.sha256] = self.media[one.sha256].replace(self.root / one.file)
        with _whole(self.root / LABELS) as file:
            writer = csv.writer(file)
            writer.writerows([COLUMNS, *(_row(one) for one in samples)])
        with _whole(self.root / LEFT_OUT) as file:
            writer = csv.writer(file)
            listed = sorted((one.case, one.media, one.sha256, one.reason.value) for one in left_out)
            writer.writerows([LEFT_OUT_COLUMNS, *listed])
        for sha256 in self.media.keys() - {one.sha256 for one in samples}:
            self.media.pop(sha256).unlink()


def _begin(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))


def _media(folder: Path) -> Iterator[Path]:
    """What an export put there; anything else in the folder is not ours to move or remove."""
    for path in folder.iterdir():
        if path.suffix == ".partial":
            path.unlink()
        elif _NAMED_BY_SHA256.fullmatch(path.stem):
            yield path


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        yield file
    partial.replace(path)


def _row(one: Sample) -> tuple[object, ...]:
    return (
        one.sha256,
        one.truth.value,
        one.unit,
        one.file,
        one.case,
        one.media,
        one.decided_at.isoformat(),
        one.decisions,
        one.model,
        "" if one.score is None else one.score,
        one.pdq,
        " ".join(sorted(one.accounts)),
    )


def _read(path: Path) -> list[Sample]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ExportFolderError(f"{path} has the columns {reader.fieldnames}, not {', '.join(COLUMNS)}")
        return [_sample(path, number, row) for number, row in enumerate(reader, 2)]


def _sample(path: Path, line: int, row: dict[str, str]) -> Sample:
    try:
        return Sample(
            sha256=row["sha256"],
            truth=Truth(row["label"]),
            suffix=Path(row["file"]).suffix,
            case=row["case"],
            media=int(row["media"]),
            decided_at=datetime.fromisoformat(row["decided_at"]),
            decisions=int(row["decisions"]),
            model=row["model"],
            score=float(row["score"]) if row["score"] else None,
            pdq=row["pdq"],
            accounts=frozenset(row["accounts"].split()),
            unit=row["unit"],
        )
    except (ValueError, AttributeError, TypeError) as error:  # a value, or a column that is not there
        raise ExportFolderError(f"{path}, line {line}: {error}; export into a new folder") from error
