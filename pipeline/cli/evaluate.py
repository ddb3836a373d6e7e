"""`fakeme evaluate`: evaluate models on held-out people and unseen forgery methods."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.bars import bars_table, measuring


def evaluate(  # noqa: PLR0917  (typer passes arguments by name)
    models: Annotated[
        list[Path],
        typer.Argument(metavar="MODEL_DIR...", help="Model folders to compare."),
    ],
    data: Annotated[
        list[Path],
        typer.Option(metavar="FOLDER", help="An output folder of `fakeme preprocess`; repeatable."),
    ],
    out: Annotated[Path, typer.Option(help="Output folder of the report.")] = Path("runs/report"),
    most: Annotated[
        int,
        typer.Option(
            min=2, help="Maximum number of photographs, sampled evenly from collections and groups."
        ),
    ] = 600,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    seed: Annotated[
        int, typer.Option(min=0, help="Seed for sampling photographs and for their forgeries.")
    ] = 0,
    choices: Annotated[
        bool, typer.Option("--choices", help="Also compare the decision rules with alternatives.")
    ] = False,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples",
            help="Show the worst errors; such a report contains faces and must not be published.",
        ),
    ] = False,
) -> None:
    """Write a report on the models by forgery method, group of people, compression and video."""
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
        print("It shows faces of real people and must not be published.")
