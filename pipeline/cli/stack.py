"""`fakeme up`, `fakeme status` and `fakeme down`: the local stack in one data folder."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import PipelineError
from pipeline.operations.external_services import prepare_services, services_are_external
from pipeline.settings import data_folder, load_settings

if TYPE_CHECKING:
    from infra.local.stack import LocalStack
    from infra.local.status import StackStatus

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder; FAKEME_HOME or .fakeme if not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]
NOT_READY = 1  # exit code of `fakeme status` when something does not answer


class WorkersMissingError(PipelineError):
    """Nothing would answer a post."""


def up(
    data: Data = None,
    no_workers: Annotated[bool, typer.Option("--no-workers", help="Only the servers.")] = False,
) -> None:
    """Start servers and workers, and keep them running until Ctrl-C or SIGTERM."""
    console = Console()
    stack = _make_stack(data or data_folder(), console, workers=not no_workers)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _on_signal)
    try:
        with stack:
            console.print(_where(stack))
            console.print("Stop with Ctrl-C or `fakeme down`.")
            threading.Event().wait()
    except KeyboardInterrupt:
        console.print("stopped")


def down(data: Data = None) -> None:
    """Stop the stack that runs on the data folder, and wait until it is gone."""
    from infra.errors import NotRunningError  # noqa: PLC0415
    from infra.local.down import stop_stack  # noqa: PLC0415

    try:
        pid = stop_stack(data or data_folder())
    except NotRunningError as nothing:
        Console().print(str(nothing))
        return
    Console().print(f"stopped the local stack (pid {pid}); its data stay in {data or data_folder()}")


def status(data: Data = None, as_json: AsJson = False) -> None:
    """Ask every server and worker how it is; exit code 1 unless all answer."""
    from infra.local.status import check_stack  # noqa: PLC0415

    found = check_stack((data or data_folder()).absolute())
    if as_json:
        print(json.dumps(_as_json(found), indent=2))
    else:
        Console().print(_as_table(found))
    if not found.ready:
        raise typer.Exit(NOT_READY)


@contextmanager
def running_or_local_stack(console: Console) -> Iterator[None]:
    """For the length of a command: the stack that runs on the data folder already, else one of its own.

    :raises WorkersMissingError: the one that runs has no workers.
    """
    from infra.local.folder_lock import holder  # noqa: PLC0415
    from infra.local.status import check_stack  # noqa: PLC0415 - clients of every service

    if holder(data_folder()) is None:
        with _make_stack(data_folder(), console):
            yield
        return
    if not any(service.kind == "worker" for service in check_stack(data_folder()).services):
        raise WorkersMissingError(
            f"the stack on {data_folder()} runs without workers, or still starts: "
            "wait for it, or stop it with `fakeme down` and try again"
        )
    yield


def _on_signal(_number: int, _frame: FrameType | None) -> NoReturn:
    """Leave by the one way out, once: stopping takes its time, and a second signal must not cut it short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _make_stack(folder: Path, console: Console, *, workers: bool = True) -> "LocalStack":
    """The stack of ``folder``; its workers alone where the environment names services elsewhere."""
    from infra.local.stack import LocalStack  # noqa: PLC0415 - clients of every service
    from pipeline.operations.local_workers import worker_specs  # noqa: PLC0415
    from pipeline.workers import topics  # noqa: PLC0415

    external = services_are_external(os.environ)
    if external:
        prepare_services(load_settings())
    return LocalStack(
        folder,
        worker_specs() if workers else [],
        lambda name, seconds: console.print(f"[green]ready[/] {name} [dim]{seconds:.1f} s"),
        servers=not external,
        topics=topics(),
    )


def _where(stack: "LocalStack") -> Table:
    table = Table("what", "where", title=f"FakeME local stack in {stack.folder}")
    if not services_are_external(os.environ):
        table.add_row("Kafka", stack.endpoints.kafka_bootstrap)
        table.add_row("S3", f"{stack.endpoints.s3_endpoint} (buckets platform-media, fakeme-evidence)")
        table.add_row("PostgreSQL", stack.endpoints.database_url.rpartition("@")[2])
        table.add_row("keys, passwords", str(stack.folder / "stack.json"))
    for name, url in stack.worker_urls.items():
        table.add_row(name, url)
    table.add_row("logs", str(stack.folder / "logs"))
    return table


def _as_json(found: "StackStatus") -> dict[str, object]:
    return {
        **asdict(found),
        "folder": str(found.folder),
        "ready": found.ready,
        "memory_bytes": found.memory_bytes,
    }


def _as_table(found: "StackStatus") -> Table:
    title = f"{found.folder} (supervisor {found.supervisor_pid})" + (
        "" if found.services else ": servers start"
    )
    table = Table("", "kind", "where", "says", "pid", "restarts", "MB", title=title)
    for service in found.services:
        table.add_row(
            f"[green]✓[/] {service.name}" if service.ok else f"[red]✗[/] {service.name}",
            service.kind,
            service.where,
            service.says,
            str(service.pid or "-"),
            str(service.restarts),
            f"{service.memory_bytes / 1e6:.0f}",
        )
    table.add_row("total", "", "", "", "", "", f"{found.memory_bytes / 1e6:.0f}")
    return table
