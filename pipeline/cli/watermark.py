"""`fakeme watermark`: mark pictures invisibly, and read the marks."""

import json
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import printable
from pipeline.errors import PipelineError
from schemas.watermarks import PAYLOAD_DIGITS, normalised_payload

EXIT_FILE_MISSING = 2
VIDEO_SUFFIX = ".mp4"

_SCHEME_HELP = "fakeme-1, or text-template: the mark of the project's predecessor, which no JPEG keeps."

_UNREAD = {"present": False, "payload": None, "confidence": None, "false_positive_bound": None}

commands = typer.Typer(help="Mark pictures invisibly, and read the marks.", no_args_is_help=True)


class Scheme(StrEnum):
    """The kinds of marks."""

    FAKEME_1 = "fakeme-1"
    TEXT_TEMPLATE = "text-template"


class WatermarkOptionError(PipelineError):
    """An option of the command has a value that it cannot have; the message names both."""


@commands.command()
def key() -> None:
    """Print a new key. Whoever has it can make marks, and remove them: keep it secret."""
    from inference.watermark.pattern import KEY_BYTES  # noqa: PLC0415 - numpy, only when needed

    print(secrets.token_hex(KEY_BYTES))


@commands.command()
def embed(  # noqa: PLR0917  (typer passes arguments by name)
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture or video.")],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The marked copy.")],
    payload: Annotated[
        str | None, typer.Option(metavar="HEX", help="What the mark says: up to 13 hex digits.")
    ] = None,
    psnr: Annotated[
        float | None,
        typer.Option(min=36, max=52, help="Strength in dB; by default what the picture needs, 38 to 46."),
    ] = None,
    scheme: Annotated[Scheme, typer.Option(help=_SCHEME_HELP)] = Scheme.FAKEME_1,
    text: Annotated[str, typer.Option(help="What a text-template says.")] = "FAKE_ME",
) -> None:
    """Write a marked copy of a picture or video; its format follows from the name of OUT.

    A video becomes H.264 in MP4 and keeps its audio. A second of 1080p takes some seven of CPU time.
    """
    from pipeline.operations.local_watermark import (  # noqa: PLC0415 - as needed
        mark_file,
        mark_file_with_text,
        watermark_key,
    )
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - likewise

    if scheme is Scheme.TEXT_TEMPLATE:
        if not (text.isascii() and text.isprintable() and text.strip()):
            raise WatermarkOptionError(f"--text is {text[:40]!a}: give printable ASCII characters")
        mark_file_with_text(source, target, text)
        print(f"{printable(str(target))} carries the text {text}")
        return
    if payload is None:
        raise WatermarkOptionError("--payload is missing: give up to 13 hex digits, for example an id")
    normalised = normalised_payload(payload)
    if normalised is None:
        raise WatermarkOptionError(f"--payload is {payload[:40]!a}: give up to {PAYLOAD_DIGITS} hex digits")
    key = watermark_key(load_local_settings().watermark)
    if target.suffix.lower() == VIDEO_SUFFIX:
        _mark_video(source, target, int(normalised, 16), key, psnr)
    else:
        mark_file(source, target, int(normalised, 16), key, psnr)
    print(f"{printable(str(target))} carries {normalised}")


def _mark_video(source: Path, target: Path, payload: int, key: bytes, psnr: float | None) -> None:
    from pipeline.operations.marked_video import mark_video  # noqa: PLC0415 - loads FFmpeg

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("frames", total=None)

        def show(frames: int, total: int) -> None:
            bar.update(task, completed=frames, total=total or None)

        mark_video(source, target, payload, key, psnr=psnr, progress=show)


@commands.command()
def read(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures and videos, or folders.")],
    search: Annotated[
        bool, typer.Option(help="Also find marks in pictures that were scaled, rotated or cut.")
    ] = True,
    scheme: Annotated[Scheme, typer.Option(help=_SCHEME_HELP)] = Scheme.FAKEME_1,
    recover: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the texts of text-templates there, as pictures."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Look for marks made with our key, or for text-templates. Exit code 2 if a file could not be read."""
    from pipeline.operations.local_watermark import (  # noqa: PLC0415 - as needed
        mark_reader,
        read_files,
        text_reader,
        watermark_key,
    )
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - likewise

    if recover is not None and scheme is not Scheme.TEXT_TEMPLATE:
        raise WatermarkOptionError("--recover needs --scheme text-template: other marks hide no text")
    if scheme is Scheme.TEXT_TEMPLATE:
        reader = text_reader(recover)
    else:
        reader = mark_reader(watermark_key(load_local_settings().watermark), search=search)
    rows = [
        {"file": str(file), **(facts or _UNREAD), "scheme": scheme.value, "problem": problem}
        for file, facts, problem in read_files(files, reader)
    ]
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
