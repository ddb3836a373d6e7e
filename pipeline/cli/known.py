"""`fakeme known`: the media that moderators here or elsewhere have decided on."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.database_session import database_session
from pipeline.cli.terminal_text import printable
from pipeline.errors import PipelineError
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from storage.known_media import KnownEntry

commands = typer.Typer(
    help="List, exchange, match and remove known deepfakes and exempted media.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
By = Annotated[str, typer.Option("--by", help="Who does it, for the record.", show_default=False)]
MAX_NAME = 64  # characters of a bank or an actor


class KnownEntryMissingError(PipelineError):
    """There is no such entry."""


class KnownNameError(PipelineError):
    """The name of a bank or of a person cannot be used."""


class FileFormat(StrEnum):
    """A format of files of known media."""

    CSV = "csv"
    JSON = "json"


@commands.command("list")
def list_entries(
    bank: Annotated[str | None, typer.Option(help="Only of this bank.")] = None, as_json: AsJson = False
) -> None:
    """List the known media, oldest first."""
    from storage import known_media  # noqa: PLC0415 - SQLAlchemy is slow to import

    with database_session("known", patient=True) as session:
        entries = known_media.current(session, bank)
    if as_json:
        print(json.dumps([_document(entry) for entry in entries], indent=2))
        return
    table = Table("entry", "label", "bank", "case or reference", "added by", "added")
    for entry in entries:
        where = str(entry.case_id or "") or entry.reference
        row = (str(entry.entry_id), entry.label.value, entry.bank, where, entry.added_by)
        table.add_row(*(Text(printable(cell)) for cell in row), entry.added_at.isoformat(timespec="seconds"))
    Console().print(table)


@commands.command("import")
def import_entries(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; see docs/known-media.md.", show_default=False)],
    bank: Annotated[str, typer.Option(help="Whose list it is.", show_default=False)],
    by: By,
) -> None:
    """Add the hashes of a file; those that the bank has already are skipped. All or none are added."""
    from pipeline.operations.known_media_files import MAX_FILE_BYTES, KnownMediaFileError, read_entries  # noqa: PLC0415
    from storage import known_media  # noqa: PLC0415 - SQLAlchemy is slow to import

    _check_name("--bank", bank)
    _check_name("--by", by)
    if bank == known_media.OWN_BANK:
        raise KnownNameError(f"--bank is {bank!r}, the bank of our own decisions: choose another name")
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise KnownMediaFileError(f"{file} has more than {MAX_FILE_BYTES / 1e6:.0f} MB: split it")
        entries = read_entries(file.read_text("utf-8-sig"), bank)
    except (OSError, UnicodeDecodeError) as error:
        raise KnownMediaFileError(f"{file} cannot be read: {error}") from error
    with database_session("known", patient=True) as session:
        added = known_media.add(session, entries, f"operator:{by}")
    print(f"{added} added to {bank}, {len(entries) - added} were there already")


@commands.command()
def export(
    bank: Annotated[str | None, typer.Option(help="Only of this bank.")] = None,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="csv, or json as in ThreatExchange.")
    ] = (FileFormat.CSV),
) -> None:
    """Print the hashes of known media, for other platforms."""
    from pipeline.operations.known_media_files import as_csv, as_json  # noqa: PLC0415
    from storage import known_media  # noqa: PLC0415 - SQLAlchemy is slow to import

    with database_session("known", patient=True) as session:
        entries = known_media.current(session, bank)
    sys.stdout.write((as_csv if file_format is FileFormat.CSV else as_json)(entries))


@commands.command()
def match(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures and videos, or folders.")],
    as_json: AsJson = False,
) -> None:
    """Tell for each file which known media it is, or is similar to."""
    from pipeline.operations.known_media_match import match_files  # noqa: PLC0415 - decoders and SQL

    found = []
    for file, finding, problem in match_files(files, load_settings()):
        if as_json:
            document = finding and finding.model_dump(mode="json", include={"label", "decisive", "detail"})
            found.append({"file": str(file), "match": document, "problem": problem or None})
        else:
            print(
                f"{printable(str(file))}: {printable(finding.detail if finding else problem or 'not known')}"
            )
    if as_json:
        print(json.dumps(found, indent=2))


@commands.command()
def remove(
    entries: Annotated[list[UUID], typer.Argument(metavar="ENTRY...", help="As in `fakeme known list`.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for the record.", show_default=False)],
) -> None:
    """Remove entries: they match no more. The audit log keeps who removed them, when and why."""
    from storage import known_media  # noqa: PLC0415 - SQLAlchemy is slow to import

    _check_name("--by", by)
    with database_session("known", patient=True) as session:
        for entry_id in entries:
            find_entry(session, entry_id)
        removed = known_media.remove(session, entries, f"operator:{by}", reason.replace("\x00", "")[:1_000])
    print(f"{len(removed)} removed")


def find_entry(session: "Session", entry_id: UUID) -> "KnownEntry":
    """Return the entry; raise :class:`KnownEntryMissingError` if there is none, or it is removed."""
    from storage import known_media  # noqa: PLC0415 - SQLAlchemy is slow to import

    entry = known_media.find(session, entry_id)
    if entry is None or entry.removed:
        state = "is removed" if entry else "does not exist"
        raise KnownEntryMissingError(f"the entry {entry_id} {state}: `fakeme known list` shows all entries")
    return entry


def _document(entry: "KnownEntry") -> dict[str, Any]:
    return {
        "entry_id": str(entry.entry_id),
        "label": entry.label.value,
        "bank": entry.bank,
        "sha256": entry.sha256,
        "pdqs": list(entry.pdqs),
        "threshold": entry.threshold,
        "reference": entry.reference,
        "case_id": entry.case_id and str(entry.case_id),
        "added_by": entry.added_by,
        "added_at": entry.added_at.isoformat(timespec="seconds"),
    }


def _check_name(option: str, name: str) -> None:
    if not name or not name.isprintable() or name != name.strip() or len(name) > MAX_NAME:
        raise KnownNameError(
            f"{option} is {name[:MAX_NAME]!a}: give 1 to {MAX_NAME} printable characters, no spaces around"
        )
