"""How the local stack runs the workers: each as `fakeme worker NAME` in its own process."""

import sys
from collections.abc import Iterable

from infra.local.worker import WorkerSpec
from pipeline.workers import WORKERS


def worker_specs(names: Iterable[str] | None = None) -> list[WorkerSpec]:
    """Return the process specification of each worker in ``names``, or of all workers."""
    return [
        WorkerSpec(
            name,
            (sys.executable, "-m", "pipeline", "worker", name),
            public_port_variable=WORKERS[name].port_variable,
            access=WORKERS[name].access,
        )
        for name in (WORKERS if names is None else names)
    ]
