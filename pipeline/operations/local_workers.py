"""How the local stack runs the workers: each as `fakeme worker NAME` in its own process."""

import sys
from collections.abc import Iterable

from infra.local.worker import WorkerSpec
from pipeline.workers import WORKERS

# Workers with a public port, and the variable that sets it.
PUBLIC_PORTS = {"gateway": "FAKEME_GATEWAY__PORT"}


def worker_specs(names: Iterable[str] = tuple(WORKERS)) -> list[WorkerSpec]:
    """Return the process specification of each worker in ``names``."""
    return [
        WorkerSpec(
            name,
            (sys.executable, "-m", "pipeline", "worker", name),
            public_port_variable=PUBLIC_PORTS.get(name),
        )
        for name in names
    ]
