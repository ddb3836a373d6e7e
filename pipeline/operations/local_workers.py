"""The pipeline's workers as the local stack runs them: each `fakeme worker NAME` in a process of its own."""

import sys
from collections.abc import Iterable

from infra.local.worker import WorkerSpec
from pipeline.workers import WORKERS


def worker_specs(names: Iterable[str] | None = None) -> list[WorkerSpec]:
    """Return what to run for each of ``names``; for all workers without names."""
    return [
        WorkerSpec(
            name,
            (sys.executable, "-m", "pipeline", "worker", name),
            public_port_variable=WORKERS[name].port_variable,
        )
        for name in (WORKERS if names is None else names)
    ]
