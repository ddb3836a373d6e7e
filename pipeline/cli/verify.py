"""`fakeme verify`: everything that can be found out about local files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import printable

if TYPE_CHECKING:
    from pipeline.operations.verification import FileVerification
    from pipeline.settings import Settings

EXIT_FILE_MISSING = 2


def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures and videos, or folders.")],
    known: Annotated[
        bool,
        typer.Option(help="Use known media and stored manifests of the configured database, if any."),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Tell what is known of each file: credentials, traces, our watermark, known media, the model's score.

    Judges as detection judges a post, without one. Exit code 2 if a file could not be read.
    """
    from inference.detector import Detector  # noqa: PLC0415 - torch takes seconds to import
    from inference.error_rates import error_rates  # noqa: PLC0415 - only when needed
    from inference.sandbox import DecoderPool  # noqa: PLC0415 - likewise
    from pipeline.models import model_store  # noqa: PLC0415 - likewise
    from pipeline.operations.local_files import files_below  # noqa: PLC0415 - only when needed
    from pipeline.operations.verification import make_verifier, verify_files  # noqa: PLC0415 - likewise
    from pipeline.settings import load_local_settings  # noqa: PLC0415 - likewise

    detector = Detector.load(model_store(None).folder(None))
    rates = error_rates(detector.card)
    pool = DecoderPool(1)
    try:
        verifier = make_verifier(detector, pool, load_local_settings(), _services() if known else None)
        answers = []
        for answer in verify_files(verifier, files_below(files)):
            answers.append(answer)
            if not as_json:
                Console().print(_view(answer))
    finally:
        pool.close()
    if as_json:
        print(
            json.dumps(
                {"files": [answer.document() for answer in answers], "model": str(rates or "")}, indent=2
            )
        )
    elif rates:
        print(f"The score is an estimate: {rates}.")
    if any(answer.problem for answer in answers):
        raise typer.Exit(EXIT_FILE_MISSING)


def _services() -> "Settings | None":
    """Return the settings of the services; None if there are none."""
    from pipeline.errors import SettingsError  # noqa: PLC0415 - only when needed
    from pipeline.settings import load_settings  # noqa: PLC0415 - likewise

    try:
        return load_settings()
    except SettingsError:
        message = "not compared with known media: no database is configured, and no stack runs here"
        typer.echo(message, err=True)
        return None


def _view(answer: "FileVerification") -> Table:
    table = Table("", "", title=Text(printable(str(answer.file))), box=SIMPLE_HEAD, show_header=False)
    table.title_justify = "left"
    for name, value in _facts(answer):
        table.add_row(name, Text(printable(value), overflow="fold"))
    return table


def _facts(answer: "FileVerification") -> list[tuple[str, str]]:
    verdict = answer.verdict
    if verdict is None:
        return [("problem", answer.problem)]
    score = "" if verdict.score is None else f"{verdict.score:.3f}, of {verdict.threshold:.3f} for a tag"
    facts = [
        ("verdict", verdict.label.value),
        ("why", verdict.detail if verdict.detail not in [each.detail for each in verdict.signals] else ""),
        ("score", score),
        ("faces", str(len(verdict.faces)) if verdict.faces else ""),
        *((finding.signal.replace("_", " "), finding.detail) for finding in verdict.signals),
    ]
    return [(name, value) for name, value in facts if value]
