"""`fakeme demo`: run the whole pipeline on generated posts, starting the local stack if necessary."""

import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from pipeline.cli.stack import running_or_local_stack
from pipeline.settings import load_settings

_PICTURE_COLUMNS = 120  # wide enough for the descriptions of the posts


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead of a table.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Save the final screen as SVG.")] = None,
) -> None:
    """Publish real and forged media items and show the results; exit with code 1 if any is unexpected."""
    from pipeline.demo import run, view  # noqa: PLC0415 - only this command needs OpenCV and PyAV

    console = Console(stderr=as_json)
    with running_or_local_stack(console):
        started = time.monotonic()
        settings = load_settings()
        if as_json:
            board = run.play(settings, lambda _: None)
        else:
            wide = console.width >= _PICTURE_COLUMNS
            with Live(console=console, refresh_per_second=8) as live:
                board = run.play(settings, lambda board: live.update(view.table(board, wide=wide)))
        seconds = time.monotonic() - started
    if as_json:
        print(json.dumps(view.document(board, seconds), indent=2))
    else:
        console.print()
        console.print(view.summary(board, seconds))
    if picture is not None:
        _save_svg(view.table(board, wide=True), view.summary(board, seconds), picture)
    if not board.as_expected:
        raise typer.Exit(1)


def _save_svg(table: Table, summary: Panel, file: Path) -> None:
    with Path(os.devnull).open("w") as null:
        screen = Console(record=True, width=_PICTURE_COLUMNS, file=null, force_terminal=True)
        screen.print(table)
        screen.print(summary)
    screen.save_svg(str(file), title="make demo")
