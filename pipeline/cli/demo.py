"""`fakeme demo`: the whole pipeline on real input, with everything that it needs started first."""

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

_PICTURE_COLUMNS = 120  # room for what each post shows


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Save the last screen as SVG.")] = None,
) -> None:
    """Post real and forged media, follow what comes of them; exit 0 only if all is as expected."""
    from pipeline.demo import run, view  # noqa: PLC0415 - OpenCV and PyAV are for this command alone

    console = Console(stderr=as_json)
    with running_or_local_stack(console):
        began = time.monotonic()
        settings = load_settings()
        if as_json:
            board = run.play(settings, lambda _: None)
        else:
            wide = console.width >= _PICTURE_COLUMNS
            with Live(console=console, refresh_per_second=8) as live:
                board = run.play(settings, lambda board: live.update(view.table(board, wide=wide)))
        seconds = time.monotonic() - began
    if as_json:
        print(json.dumps(view.document(board, seconds), indent=2))
    else:
        console.print()
        console.print(view.summary(board, seconds))
    if picture is not None:
        _draw(view.table(board, wide=True), view.summary(board, seconds), picture)
    if not board.as_expected:
        raise typer.Exit(1)


def _draw(table: Table, summary: Panel, file: Path) -> None:
    with Path(os.devnull).open("w") as nowhere:
        screen = Console(record=True, width=_PICTURE_COLUMNS, file=nowhere, force_terminal=True)
        screen.print(table)
        screen.print(summary)
    screen.save_svg(str(file), title="make demo")
