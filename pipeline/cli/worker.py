"""`fakeme worker`: one worker of the pipeline in the foreground, as a supervisor or a container runs it."""

from typing import Annotated

import typer

from pipeline.settings import load_settings
from pipeline.workers import WORKERS, run_worker


def worker(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(WORKERS)}.", metavar="NAME")],
) -> None:
    """Run one worker until SIGTERM; /healthz, /readyz and /metrics are on FAKEME_HEALTH_PORT."""
    run_worker(name, load_settings())
