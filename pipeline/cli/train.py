"""`fakeme train`: train the detector as configured in a TOML file."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.config import TrainingConfig
    from training.journal import Report

FORWARDED = ("--device", "--init", "--data", "--minutes")


def train(  # noqa: PLR0917  (typer passes arguments by name)
    config: Annotated[Path, typer.Argument(help="The run's TOML file; see training/README.md.")],
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    init: Annotated[Path | None, typer.Option(help="Start from the model in this folder.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Fine-tune on the people in these shards; the data of the run is replayed."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Save and stop after this time; the next call continues from there."),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="Number of training processes; on a CPU, use one per core.")
    ] = 1,
) -> None:
    """Train a detector; continue an interrupted run."""
    from training.config import read_config  # noqa: PLC0415  (light start)
    from training.locking import held  # noqa: PLC0415
    from training.processes import is_distributed  # noqa: PLC0415

    run = read_config(config, init=init, population=data)
    if is_distributed():  # and the process that started them holds the folder
        _train(run, device, minutes)
        return
    with held(run.run) as lock:
        if processes > 1:
            raise typer.Exit(_train_with_torchrun(lock, processes, config, device, init, data, minutes))
        _train(run, device, minutes)


def _train_with_torchrun(lock: int, processes: int, config: Path, *options: object) -> int:
    """Run this command in several processes with torchrun.

    torchrun inherits the ``lock``, so the folder stays locked if this process is killed.
    """
    arguments = [
        text
        for name, value in zip(FORWARDED, options, strict=True)
        if value is not None
        for text in (name, str(value))
    ]
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone")
    command = (*torchrun, f"--nproc-per-node={processes}", "-m", "pipeline", "train", str(config), *arguments)
    return subprocess.run(command, pass_fds=(lock,), check=False).returncode  # noqa: S603  (arguments are our own)


def _train(run: "TrainingConfig", device: str, minutes: float | None) -> None:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415  (light start)

    from inference.device import choose_device  # noqa: PLC0415  (loads torch)
    from training.processes import process_group, rank_and_processes  # noqa: PLC0415
    from training.train import Trainer  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[speed]}"),
    )
    with process_group(), Progress(*columns, disable=rank_and_processes()[0] > 0) as progress:
        bar = progress.add_task("training", total=1.0, speed="")

        def show(report: "Report") -> None:
            progress.update(bar, completed=report.done, speed=_speed(report))
            if report.figures:
                progress.print(_line(report))

        seconds = float("inf") if minutes is None else minutes * 60
        done = Trainer(run, choose_device(device), show).train(seconds=seconds)
        if not progress.disable:
            progress.print(
                f"{done.pictures:,} pictures in {done.seconds / 60:.0f} min; state and plots in {run.run}"
            )


def _speed(report: "Report") -> str:
    """Return the average pictures per second and the estimated time left."""
    if report.done <= 0 or report.seconds <= 0:
        return ""
    seconds_left = report.seconds * max(1 - report.done, 0) / report.done
    return f"{report.pictures / report.seconds:,.0f} pictures/s, {seconds_left / 60:.0f} min left"


def _line(report: "Report") -> str:
    figures = ", ".join(f"{name.rpartition('/')[2]} {value:.4g}" for name, value in report.figures.items())
    kinds = {"validation": "held-out people", "train": "training", "warm-up": "warm-up on attributes"}
    kind = kinds[next(iter(report.figures)).partition("/")[0]]
    return f"{report.pictures:>9,} pictures  {kind}: {figures}"
