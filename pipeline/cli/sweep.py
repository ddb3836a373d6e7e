"""`fakeme sweep`: tune the learning rate, weight decay, dropout and length of a run with short trials."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from training.journal import Report
    from training.sweep.study import Sweep


def sweep(
    config: Annotated[Path, typer.Argument(help="The TOML file of the run to tune; see training/README.md.")],
    out: Annotated[Path, typer.Option(help="Folder of the sweep; a later call continues it.")],
    trials: Annotated[
        int, typer.Option(min=1, help="Total number of trials, over all calls and processes.")
    ] = 30,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.001, help="Length of the longest trial; default: the length of the run."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Try learning rates, weight decays, dropouts and lengths, stop poor trials early, and write a report.

    Further calls, also concurrent ones, continue the sweep until all trials are done.
    """
    search = _open(config, out, device, minutes)
    _run(search, config, trials)
    print(f"{search.ended} trials; the report is {out}/index.html, the best run is {out}/best.toml.")


def _open(config: Path, out: Path, device: str, minutes: float | None) -> "Sweep":
    from inference.device import choose_device  # noqa: PLC0415  (loads torch)
    from training.config import read_config  # noqa: PLC0415
    from training.errors import MissingPackageError  # noqa: PLC0415

    try:
        from training.sweep import report, study  # noqa: F401, PLC0415  (of the extra `train`)
    except ModuleNotFoundError as error:
        raise MissingPackageError(f"{error.name} is missing: install fakeme[train]") from error
    return study.Sweep(read_config(config), out, choose_device(device), minutes)


def _run(search: "Sweep", config: Path, trials: int) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    from training.sweep.report import row_of, write_report  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[current]}")) as progress:
        bar = progress.add_task("trials", total=trials, completed=search.ended, current="")

        def watch(number: int, report: "Report") -> None:
            progress.update(bar, current=f"trial {number}: {report.done:.0%}")

        def ended(trial: "FrozenTrial") -> None:
            write_report(search.study, config, search.out)
            progress.update(bar, completed=search.ended)
            values = (
                f"{name} {_text(value)}" for name, value in row_of(trial).items() if value not in (None, "")
            )
            progress.print(", ".join(values))

        search.run(trials, watch, ended)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
