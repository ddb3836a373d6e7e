"""`fakeme evaluate`: measure models on people and forgeries that training never saw."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.bars import bars_table, measuring


def evaluate(  # noqa: PLR0917  (typer reads names, not places)
    models: Annotated[
        list[Path],
        typer.Argument(metavar="MODEL_DIR...", help="Folders of checkpoints, compared side by side."),
    ],
    data: Annotated[
        list[Path], typer.Option(metavar="FOLDER", help="Made by `fakeme preprocess`; may be given again.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("runs/report"),
    most: Annotated[
        int, typer.Option(min=2, help="Photographs at most, drawn in turns from collections and groups.")
    ] = 600,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Decides which photographs, and their forgeries.")] = 0,
    choices: Annotated[
        bool, typer.Option("--choices", help="Also measure the decision's rules against others.")
    ] = False,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples", help="Show the worst mistakes; such a report holds faces: do not publish it."
        ),
    ] = False,
) -> None:
    """Write a report: how good the models are by forgery, group of people, compression and video."""
    from training.errors import MissingPackageError  # noqa: PLC0415 - torch takes seconds to import

    try:
        from training.evaluation import report, run  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as error:
        raise MissingPackageError(f"{error.name} is missing: install fakeme[train]") from error

    request = run.Request(models, data, most, device, seed, choices, examples)
    with measuring() as progress:
        result, gallery = run.evaluate(request, progress.track)
    written = report.write(result, out, gallery)
    for model in result.models:
        Console().print(bars_table(model))
    print(f"The report is in {written[0]}.")
    if gallery:
        print("It shows faces of real people: it must not be published.")
