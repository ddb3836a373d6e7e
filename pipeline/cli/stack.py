"""`fakeme up`, `fakeme status` and `fakeme down`: the local stack in a data folder."""

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

Data = Annotated[Path | None, typer.Option("--data", help="Data folder; default FAKEME_HOME or .fakeme.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON object instead of a table.")]
NOT_READY = 1  # exit code of `fakeme status` if a service does not answer


class WorkersMissingError(PipelineError):
    """The running stack has no workers, so it cannot process posts."""


def up(
    data: Data = None,
    no_workers: Annotated[bool, typer.Option("--no-workers", help="Start only the servers.")] = False,
) -> None:
    """Start the servers and workers and run them until Ctrl-C or SIGTERM."""
    console = Console()
    stack = _make_stack(data or data_folder(), console, workers=not no_workers)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _on_signal)
    try:
        with stack:
            console.print(_endpoints_table(stack))
            console.print("Stop with Ctrl-C or `fakeme down`.")
            threading.Event().wait()
    except KeyboardInterrupt:
        console.print("stopped")


def down(data: Data = None) -> None:
    """Stop the stack of the data folder and wait until it has ended."""
    from infra.errors import NotRunningError  # noqa: PLC0415
    from infra.local.down import stop_stack  # noqa: PLC0415

    try:
        pid = stop_stack(data or data_folder())
    except NotRunningError as error:
        Console().print(str(error))
        return
    Console().print(f"stopped the local stack (pid {pid}); its data stays in {data or data_folder()}")


def status(data: Data = None, as_json: AsJson = False) -> None:
    """Show the state of every server and worker; exit with code 1 unless all answer."""
    from infra.local.status import check_stack  # noqa: PLC0415

    stack_status = check_stack((data or data_folder()).absolute())
    if as_json:
        print(json.dumps(_as_json(stack_status), indent=2))
    else:
        Console().print(_as_table(stack_status))
    if not stack_status.ready:
        raise typer.Exit(NOT_READY)


@contextmanager
def running_or_local_stack(console: Console) -> Iterator[None]:
    """Use the running stack of the data folder, or run one for the duration of the context.

    :raises WorkersMissingError: if the running stack has no workers.
    """
    from infra.local.folder_lock import holder  # noqa: PLC0415
    from infra.local.status import check_stack  # noqa: PLC0415 - clients of every service

    if holder(data_folder()) is None:
        with _make_stack(data_folder(), console):
            yield
        return
    if not any(service.kind == "worker" for service in check_stack(data_folder()).services):
        raise WorkersMissingError(
            f"the stack in {data_folder()} has no workers or is still starting: "
            "wait, or stop it with `fakeme down` and try again"
        )
    yield


def _on_signal(_number: int, _frame: FrameType | None) -> NoReturn:
    """Start the shutdown once; ignore further signals, which would interrupt it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _make_stack(folder: Path, console: Console, *, workers: bool = True) -> "LocalStack":
    """Return the stack of ``folder``, without servers if the environment names external services."""
    from infra.local.stack import LocalStack  # noqa: PLC0415 - clients of every service
    from pipeline.operations.development_keys import development_settings  # noqa: PLC0415
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
        make_settings=development_settings,
    )


def _endpoints_table(stack: "LocalStack") -> Table:
    table = Table("", "where", title=f"FakeME local stack in {stack.folder}")
    if not services_are_external(os.environ):
        table.add_row("Kafka", stack.endpoints.kafka_bootstrap)
        table.add_row("S3", f"{stack.endpoints.s3_endpoint} (buckets platform-media, fakeme-evidence)")
        table.add_row("PostgreSQL", stack.endpoints.database_url.rpartition("@")[2])
        table.add_row("keys, passwords", str(stack.folder / "stack.json"))
        table.add_row("signing, watermark", f"{stack.folder / 'development'}: for development only")
    for name, url in stack.worker_urls.items():
        table.add_row(name, url)
    table.add_row("logs", str(stack.folder / "logs"))
    return table


def _as_json(stack_status: "StackStatus") -> dict[str, object]:
    return {
        **asdict(stack_status),
        "folder": str(stack_status.folder),
        "ready": stack_status.ready,
        "memory_bytes": stack_status.memory_bytes,
    }


def _as_table(stack_status: "StackStatus") -> Table:
    title = f"{stack_status.folder} (supervisor {stack_status.supervisor_pid})" + (
        "" if stack_status.services else ": servers are starting"
    )
    table = Table("", "kind", "where", "state", "pid", "restarts", "MB", title=title)
    for service in stack_status.services:
        table.add_row(
            f"[green]✓[/] {service.name}" if service.ok else f"[red]✗[/] {service.name}",
            service.kind,
            service.where,
            service.says,
            str(service.pid or "-"),
            str(service.restarts),
            f"{service.memory_bytes / 1e6:.0f}",
        )
    table.add_row("total", "", "", "", "", "", f"{stack_status.memory_bytes / 1e6:.0f}")
    return table
