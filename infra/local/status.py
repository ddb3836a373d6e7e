"""Checks every server and worker of a running local stack, and measures their memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from infra.errors import NotAnsweringError, NotRunningError
from infra.local.folder_lock import holder
from infra.local.ports import HOST
from infra.local.state_file import read_state
from infra.probes import http_answer, kafka_answer, postgres_answer, s3_answer


@dataclass(frozen=True)
class ServiceStatus:
    """The status of one server or worker; ``memory_bytes`` counts shared pages once."""

    name: str
    kind: str
    where: str
    ok: bool
    says: str
    pid: int | None
    restarts: int
    memory_bytes: int


@dataclass(frozen=True)
class StackStatus:
    """The status of the whole stack."""

    folder: Path
    supervisor_pid: int
    services: tuple[ServiceStatus, ...]

    @property
    def ready(self) -> bool:
        """Whether there are services and all of them answer."""
        return bool(self.services) and all(service.ok for service in self.services)

    @property
    def memory_bytes(self) -> int:
        """The memory of all servers and workers."""
        return sum(service.memory_bytes for service in self.services)


def check_stack(folder: Path) -> StackStatus:
    """Check the stack on ``folder``; the result has no services while the servers are starting.

    :raises NotRunningError: no stack runs on this folder.
    """
    supervisor = holder(folder)
    if supervisor is None:
        raise NotRunningError(folder)
    state = read_state(folder)
    if state is None:
        return StackStatus(folder, supervisor, ())
    probes = _probes(state)
    if not probes:
        return StackStatus(folder, supervisor, ())
    processes = {**state["servers"], **state["workers"]}
    with ThreadPoolExecutor(len(probes)) as threads:
        answers = threads.map(lambda name: _answer(probes[name][1]), probes)
        services = tuple(
            ServiceStatus(
                name,
                "worker" if name in state["workers"] else "server",
                where=probes[name][0],
                ok=ok,
                says=answer,
                pid=processes[name]["pid"],
                restarts=processes[name]["restarts"],
                memory_bytes=memory_of(processes[name]["pid"]),
            )
            for name, (ok, answer) in zip(probes, answers, strict=True)
        )
    return StackStatus(folder, supervisor, services)


def memory_of(pid: int | None) -> int:
    """Return the RAM of a process and its children in bytes: the proportional set size if available."""
    if pid is None:
        return 0
    try:
        process = psutil.Process(pid)
        return sum(map(_memory, [process, *process.children(recursive=True)]))
    except psutil.NoSuchProcess:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0  # it exited in the meantime


def _probes(state: dict[str, Any]) -> dict[str, tuple[str, Callable[[], str]]]:
    """Return the address and the health check of each service by name."""
    workers = {name: _worker_probe(worker["health_port"]) for name, worker in state["workers"].items()}
    if not state["servers"]:
        return workers
    endpoint, keys = state["s3_endpoint"], (state["s3_access_key"], state["s3_secret_key"])
    servers: dict[str, tuple[str, Callable[[], str]]] = {
        "kafka": (state["kafka_bootstrap"], lambda: kafka_answer(state["kafka_bootstrap"])),
        "seaweedfs": (endpoint, lambda: s3_answer(endpoint, *keys, bucket="fakeme-evidence")),
        "postgres": (
            state["database_url"].rpartition("@")[2],
            lambda: postgres_answer(state["database_url"]),
        ),
    }
    return servers | workers


def _worker_probe(port: int) -> tuple[str, Callable[[], str]]:
    url = f"http://{HOST}:{port}/readyz"
    return url, lambda: http_answer(url)


def _answer(probe: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, probe().strip()
    except NotAnsweringError as error:
        return False, str(error)
