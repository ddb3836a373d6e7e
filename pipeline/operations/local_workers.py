"""The pipeline's workers as the local stack runs them: each `fakeme worker NAME` in a process of its own."""

import sys
from collections.abc import Iterable

from infra.local.worker import WorkerSpec
from pipeline.workers import WORKERS

# Workers that serve users, with the variable that names the port they serve on.
PUBLIC_PORTS = {"gateway": "FAKEME_GATEWAY__PORT"}


def worker_specs(names: Iterable[str] = tuple(WORKERS)) -> list[WorkerSpec]:
    """What to run for each of ``names``."""
    return [
        WorkerSpec(
            name,
            (sys.executable, "-m", "pipeline", "worker", name),
            public_port_variable=PUBLIC_PORTS.get(name),
        )
        for name in names
    ]
