"""The export folder: its salt, its rows and its media files. Files are written atomically."""

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
ACCOUNT_DIGITS = 32  # hex; 128 bits make collisions negligible
_NAMED_BY_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ExportFolder:
    """An open export folder: the ``rows`` of the previous export, and the ``media`` paths by SHA-256."""

    root: Path
    salt: bytes
    rows: Sequence[Sample]
    media: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path) -> "ExportFolder":
        """Open the export in ``root``; start one if ``root`` is empty or missing.

        Raises :class:`ExportFolderError` for any other folder or invalid rows.
        """
        exists = (root / SALT).exists()
        if root.exists() and not exists and (not root.is_dir() or any(root.iterdir())):
            raise ExportFolderError(
                f"{root} is not a label export (it has no file {SALT}): choose an empty folder"
            )
        for name in (*Truth, INCOMING):
            (root / name).mkdir(parents=True, exist_ok=True)
        if not exists:
            _create_salt(root / SALT)
        rows = _read_rows(root / LABELS)
        media = {path.stem: path for name in (*Truth, INCOMING) for path in _media_files(root / name)}
        return cls(root, bytes.fromhex((root / SALT).read_text()), rows, media)

    def account(self, author_id: str) -> str:
        """Return the pseudonym of an account, which is specific to this export."""
        return hmac.new(self.salt, author_id.encode(), hashlib.sha256).hexdigest()[:ACCOUNT_DIGITS]

    def store(self, sha256: str, suffix: str, data: bytes) -> None:
        """Store fetched bytes as incoming, unless the folder has them already."""
        if sha256 in self.media:
            return
        path = self.root / INCOMING / f"{sha256}{suffix}"
        partial = path.with_name(f"{path.name}.partial")
        partial.write_bytes(data)
        partial.replace(path)
        self.media[sha256] = path

    def replace_contents(self, samples: Iterable[Sample], left_out: Iterable[LeftOut]) -> None:
        """Make ``samples`` the contents of the folder.

        Files are added before the rows are written and deleted after, so that every row names a file that
        exists.
        """
        samples = list(samples)
        for sample in samples:
            self.media[sample.sha256] = self.media[sample.sha256].replace(self.root / sample.file)
        with _atomic_writer(self.root / LABELS) as file:
            writer = csv.writer(file)
            writer.writerows([COLUMNS, *(_row(sample) for sample in samples)])
        with _atomic_writer(self.root / LEFT_OUT) as file:
            writer = csv.writer(file)
            rows = sorted((item.case, item.media, item.sha256, item.reason.value) for item in left_out)
            writer.writerows([LEFT_OUT_COLUMNS, *rows])
        for sha256 in self.media.keys() - {sample.sha256 for sample in samples}:
            self.media.pop(sha256).unlink()


def _create_salt(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))


def _media_files(folder: Path) -> Iterator[Path]:
    """Yield the files of exports and delete incomplete ones; other files in the folder are left alsample."""
    for path in folder.iterdir():
        if path.suffix == ".partial":
            path.unlink()
        elif _NAMED_BY_SHA256.fullmatch(path.stem):
            yield path


@contextmanager
def _atomic_writer(path: Path) -> Iterator[TextIO]:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        yield file
    partial.replace(path)


def _row(sample: Sample) -> tuple[object, ...]:
    return (
        sample.sha256,
        sample.truth.value,
        sample.unit,
        sample.file,
        sample.case,
        sample.media,
        sample.decided_at.isoformat(),
        sample.decisions,
        sample.model,
        "" if sample.score is None else sample.score,
        sample.pdq,
        " ".join(sorted(sample.accounts)),
    )


def _read_rows(path: Path) -> list[Sample]:
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
    except (ValueError, AttributeError, TypeError) as error:  # an invalid value or a missing column
        raise ExportFolderError(f"{path}, line {line}: {error}; export into a new folder") from error
