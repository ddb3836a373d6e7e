"""`fakeme detect`: detect forged faces in local files, without any service."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import printable

if TYPE_CHECKING:
    from inference.detector import Detector
    from pipeline.operations.local_detection import FileAnswer

EXIT_FILE_MISSING = 2
_COLOURS = {"deepfake": "bold red", "suspected": "yellow", "authentic": "green", "unprocessable": "magenta"}

FILES = typer.Argument(
    ..., metavar="FILE...", help="Pictures and videos, or folders of them.", show_default=False
)
AS_JSON = typer.Option(False, "--json", help="Print one JSON object per line and file, as they are done.")
MODEL = typer.Option(
    None,
    "--model",
    envvar="FAKEME_DETECTION__MODEL",
    help="A model of `fakeme models list`, or a folder; default: the default model.",
)
REGISTRY = typer.Option(
    None, "--registry", envvar="FAKEME_MODEL_REGISTRY", help="A registry.toml instead of the shipped one."
)
DEVICE = typer.Option(
    "auto", "--device", envvar="FAKEME_DETECTION__DEVICE", help="auto, cpu, cuda or cuda:N."
)
EXPLAIN = typer.Option(
    None,
    "--explain",
    metavar="FOLDER",
    help="Write crops, heat maps and timelines of flagged files to FOLDER.",
)


def detect(
    files: list[Path] = FILES,
    *,
    as_json: bool = AS_JSON,
    model: str | None = MODEL,
    registry: Path | None = REGISTRY,
    device: str = DEVICE,
    explain: Path | None = EXPLAIN,
) -> None:
    """Report for each picture or video whether it contains a forged face.

    Each file is decoded in a process that has no access to files and network. Files that are not valid media
    are reported as unprocessable, with the reason. Exit code 0: every file was read; 2: a file is missing or
    could not be read (the others are still reported).
    """
    missing: list[Path] = []
    detector = _detector(model, registry, device)
    found = _files(files)
    answers = _collect_missing(_with_progress(_answers(detector, found, explain), len(found)), missing)
    if as_json:
        for answer in answers:
            print(json.dumps(answer.document()), flush=True)
    else:
        Console().print(_table(answers))
    if missing:
        raise typer.Exit(EXIT_FILE_MISSING)


def _detector(model: str | None, registry: Path | None, device: str) -> "Detector":
    from inference.detector import Detector  # noqa: PLC0415 - torch takes seconds to import
    from pipeline.models import model_store  # noqa: PLC0415 - likewise

    return Detector.load(model_store(registry).folder(model), device)


def _answers(detector: "Detector", files: list[Path], explain: Path | None) -> "Iterator[FileAnswer]":
    from inference.media import MediaLimits  # noqa: PLC0415 - torch takes seconds to import
    from inference.sandbox import DecoderPool  # noqa: PLC0415 - likewise
    from pipeline.operations.local_detection import DECODERS, detect_files  # noqa: PLC0415 - likewise

    decoders = DecoderPool(DECODERS)
    try:
        yield from detect_files(detector, decoders.decode, files, MediaLimits(), explain)
    finally:
        decoders.close()


def _files(paths: list[Path]) -> list[Path]:
    from pipeline.operations.local_files import files_below  # noqa: PLC0415 - only when needed

    return list(files_below(paths))


def _with_progress(answers: "Iterable[FileAnswer]", total: int) -> "Iterator[FileAnswer]":
    """Yield the answers and show a progress bar if standard error is a terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        yield from progress.track(answers, total=total, description="detecting")


def _collect_missing(answers: "Iterable[FileAnswer]", missing: list[Path]) -> "Iterator[FileAnswer]":
    for answer in answers:
        if answer.missing:
            missing.append(answer.file)
        yield answer


def _table(answers: "Iterable[FileAnswer]") -> Table:
    table = Table("file", "label", "score", "faces", "reason")
    for answer in answers:
        table.add_row(
            Text(printable(str(answer.file))),
            Text(answer.label.value, style=_COLOURS.get(answer.label.value, "")),
            "" if answer.score is None else f"{answer.score:.3f}",
            str(len(answer.faces)),
            Text(printable(answer.detail or answer.reason or _evidence_hint(answer))),
        )
    return table


def _evidence_hint(answer: "FileAnswer") -> str:
    """Return where the evidence is, or an empty string if there is none."""
    return f"see {answer.evidence[0].parent}" if answer.evidence else ""
