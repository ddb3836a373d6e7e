"""`fakeme train`: one run of the detector's training, from its TOML file."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.config import TrainingConfig
    from training.journal import Report

FORWARDED = ("--device", "--init", "--data", "--minutes")


def train(  # noqa: PLR0917  (typer reads names, not places)
    config: Annotated[Path, typer.Argument(help="The run's TOML file; see training/README.md.")],
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    init: Annotated[Path | None, typer.Option(help="Start from the model in this folder.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Tune for the people in these shards; the run's data is replayed.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Stop after so long, saved; the next call goes on from there.")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes that train together; on a CPU one for each core.")
    ] = 1,
) -> None:
    """Train a detector; goes on where it stopped."""
    from training.config import read_config  # noqa: PLC0415  (light start)
    from training.locking import held  # noqa: PLC0415
    from training.processes import is_distributed  # noqa: PLC0415

    run = read_config(config, init=init, population=data)
    if is_distributed():  # and the process that started them holds the folder
        _here(run, device, minutes)
        return
    with held(run.run) as lock:
        if processes > 1:
            raise typer.Exit(_together(lock, processes, config, device, init, data, minutes))
        _here(run, device, minutes)


def _together(lock: int, processes: int, config: Path, *options: object) -> int:
    """Run this command once for each process, under torchrun.

    It inherits the folder's ``lock``, and so holds the folder should this process be killed.
    """
    given = [
        text
        for name, value in zip(FORWARDED, options, strict=True)
        if value is not None
        for text in (name, str(value))
    ]
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone")
    command = (*torchrun, f"--nproc-per-node={processes}", "-m", "pipeline", "train", str(config), *given)
    return subprocess.run(command, pass_fds=(lock,), check=False).returncode  # noqa: S603  (our own words)


def _here(run: "TrainingConfig", device: str, minutes: float | None) -> None:
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

        def report(news: "Report") -> None:
            progress.update(bar, completed=news.done, speed=_speed(news))
            if news.figures:
                progress.print(_line(news))

        seconds = float("inf") if minutes is None else minutes * 60
        done = Trainer(run, choose_device(device), report).train(seconds=seconds)
        if not progress.disable:
            progress.print(
                f"{done.pictures:,} pictures in {done.seconds / 60:.0f} min; state and plots in {run.run}"
            )


def _speed(news: "Report") -> str:
    """Pictures a second over the whole run, and the time left at the pace so far."""
    if news.done <= 0 or news.seconds <= 0:
        return ""
    left = news.seconds * max(1 - news.done, 0) / news.done
    return f"{news.pictures / news.seconds:,.0f} pictures/s, {left / 60:.0f} min left"


def _line(news: "Report") -> str:
    figures = ", ".join(f"{name.rpartition('/')[2]} {value:.4g}" for name, value in news.figures.items())
    kinds = {"validation": "held-out people", "train": "training", "warm-up": "warm-up on attributes"}
    kind = kinds[next(iter(news.figures)).partition("/")[0]]
    return f"{news.pictures:>9,} pictures  {kind}: {figures}"
