"""`fakeme worker`: run a worker in the foreground, for a supervisor or container."""

from typing import Annotated

import typer

from pipeline.settings import load_settings
from pipeline.workers import WORKERS, run_worker


def worker(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(WORKERS)}.", metavar="NAME")],
) -> None:
    """Run a worker until SIGTERM; it serves /healthz, /readyz and /metrics on FAKEME_HEALTH_PORT."""
    run_worker(name, load_settings())
