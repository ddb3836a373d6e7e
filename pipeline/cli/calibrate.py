"""`fakeme calibrate`: turn a training run into a model and evaluate it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.bars import bars_table, measuring


def calibrate(
    config: Annotated[Path, typer.Argument(help="The TOML file of a finished training run.")],
    *,
    version: Annotated[
        str, typer.Option(help="Version of the model; stored analyses of other versions are not reused.")
    ],
    out: Annotated[Path, typer.Option(help="Output folder; its name is the name of the model.")],
    report: Annotated[Path, typer.Option(help="Output folder of the report.")] = Path("runs/report"),
    most: Annotated[
        int, typer.Option(min=2, help="Maximum number of photographs per collection, and in the report.")
    ] = 600,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Write the weights, calibration, thresholds and card of a run; then evaluate it on held-out people."""
    from training.config import read_config  # noqa: PLC0415 - torch takes seconds to import
    from training.errors import MissingPackageError  # noqa: PLC0415

    try:
        from inference.card import write_card  # noqa: PLC0415
        from inference.device import choose_device  # noqa: PLC0415
        from training.calibrate import measured, ship  # noqa: PLC0415
        from training.evaluation import report as page  # noqa: PLC0415
        from training.evaluation.run import Request, evaluate  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingPackageError(f"{error.name} is missing: install fakeme[train]") from error

    run = read_config(config)
    with measuring() as progress:
        card = ship(run, version, out, most, device=choose_device(device), follow=progress.track)
        folders = [source.folder for source in run.data]
        result, _ = evaluate(Request([out], folders, most, device), progress.track)
    write_card(measured(card, result.models[0]), out)
    Console().print(bars_table(result.models[0]))
    print(f"The model is in {out}, its report in {page.write(result, report, None)[0]}.")
