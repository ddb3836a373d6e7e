"""`fakeme watermark`: mark pictures invisibly, and read the marks."""

import json
import secrets
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import printable
from pipeline.errors import PipelineError

EXIT_FILE_MISSING = 2
PAYLOAD_DIGITS = 13  # of 52 bits

commands = typer.Typer(help="Mark pictures invisibly, and read the marks.", no_args_is_help=True)


class WatermarkOptionError(PipelineError):
    """An option of the command has a value that it cannot have; the message names both."""


@commands.command()
def key() -> None:
    """Print a new key. Whoever has it can make marks, and remove them: keep it secret."""
    from inference.watermark.pattern import KEY_BYTES  # noqa: PLC0415 - numpy, only when needed

    print(secrets.token_hex(KEY_BYTES))


@commands.command()
def embed(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture.")],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The marked copy.")],
    payload: Annotated[str, typer.Option(metavar="HEX", help="What the mark says: up to 13 hex digits.")],
    psnr: Annotated[
        float | None, typer.Option(min=36, max=52, help="Strength in dB: 44, or 42 for small pictures.")
    ] = None,
) -> None:
    """Write a marked copy of a picture; its format follows from the name of OUT."""
    from pipeline.operations.local_watermark import mark_file, watermark_key  # noqa: PLC0415 - as needed
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - likewise

    try:
        number = int(payload, 16)
    except ValueError:
        number = -1
    if not (number >= 0 and len(payload) <= PAYLOAD_DIGITS):
        raise WatermarkOptionError(f"--payload is {payload[:40]!a}: give up to {PAYLOAD_DIGITS} hex digits")
    mark_file(source, target, number, watermark_key(load_local_settings().watermark), psnr)
    print(f"{printable(str(target))} carries {number:0{PAYLOAD_DIGITS}x}")


@commands.command()
def read(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures and videos, or folders.")],
    search: Annotated[
        bool, typer.Option(help="Also find marks in pictures that were scaled, rotated or cut.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Look for marks made with our key. Exit code 2 if a file could not be read."""
    from pipeline.operations.local_watermark import read_files, watermark_key  # noqa: PLC0415 - as needed
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - likewise

    secret = watermark_key(load_local_settings().watermark)
    rows = [_row(*answer) for answer in read_files(files, secret, search=search)]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        table = Table("file", "mark", "payload", "confidence", "problem")
        for row in rows:
            table.add_row(
                Text(printable(row["file"])),
                "" if row["problem"] else "present" if row["present"] else "none found",
                row["payload"] or "",
                "" if row["problem"] else f"{row['confidence']:.2f}",
                Text(printable(row["problem"])),
            )
        Console().print(table)
    if any(row["problem"] for row in rows):
        raise typer.Exit(EXIT_FILE_MISSING)


def _row(file: Path, found: Any, problem: str) -> dict[str, Any]:
    """Return the answer for one file; ``found`` is None if there is a problem."""
    return {
        "file": str(file),
        "present": found is not None and found.present,
        "payload": f"{found.payload:0{PAYLOAD_DIGITS}x}" if found is not None and found.present else None,
        "confidence": round(found.confidence, 3) if found is not None else None,
        "false_positive_bound": found.false_positive_bound if found is not None else None,
        "scheme": "fakeme-1",
        "problem": problem,
    }
