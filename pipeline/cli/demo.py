"""`fakeme demo`: the whole pipeline on real input, with everything that it needs started first."""

import json
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from pipeline.cli.stack import running_or_local_stack
from pipeline.settings import load_settings


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
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
            with Live(console=console, refresh_per_second=8) as live:
                board = run.play(settings, lambda board: live.update(view.table(board)))
        seconds = time.monotonic() - began
    if as_json:
        print(json.dumps(view.document(board, seconds), indent=2))
    else:
        console.print(view.summary(board, seconds))
    if not board.as_expected:
        raise typer.Exit(1)
