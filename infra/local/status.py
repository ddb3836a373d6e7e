"""How a running local stack is: asks every server and worker, and weighs their processes."""

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
    """One server or worker; ``memory_bytes`` counts its processes, shared pages once."""

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
    """The whole stack; ``ready`` when every part of it answers."""

    folder: Path
    supervisor_pid: int
    services: tuple[ServiceStatus, ...]

    @property
    def ready(self) -> bool:
        """Whether it is up: there are servers, and nothing in it fails to answer."""
        return bool(self.services) and all(service.ok for service in self.services)

    @property
    def memory_bytes(self) -> int:
        """Of all servers and workers."""
        return sum(service.memory_bytes for service in self.services)


def check_stack(folder: Path) -> StackStatus:
    """Ask the stack on ``folder``; no services while its servers still start.

    :raises NotRunningError: nobody supervises this folder.
    """
    supervisor = holder(folder)
    if supervisor is None:
        raise NotRunningError(folder)
    state = read_state(folder)
    if state is None:
        return StackStatus(folder, supervisor, ())
    questions = _questions(state)
    if not questions:
        return StackStatus(folder, supervisor, ())
    described = {**state["servers"], **state["workers"]}
    with ThreadPoolExecutor(len(questions)) as threads:
        answers = threads.map(lambda name: _answer(questions[name][1]), questions)
        services = tuple(
            ServiceStatus(
                name,
                "worker" if name in state["workers"] else "server",
                where=questions[name][0],
                ok=ok,
                says=says,
                pid=described[name]["pid"],
                restarts=described[name]["restarts"],
                memory_bytes=memory_of(described[name]["pid"]),
            )
            for name, (ok, says) in zip(questions, answers, strict=True)
        )
    return StackStatus(folder, supervisor, services)


def memory_of(pid: int | None) -> int:
    """Bytes of RAM of a process and its children: the proportional set size where the system tells it."""
    if pid is None:
        return 0
    try:
        process = psutil.Process(pid)
        return sum(_memory(each) for each in [process, *process.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0  # it ended while we counted


def _questions(state: dict[str, Any]) -> dict[str, tuple[str, Callable[[], str]]]:
    """Where each service is, and how to ask it."""
    workers = {name: _ask_worker(worker["health_port"]) for name, worker in state["workers"].items()}
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


def _ask_worker(port: int) -> tuple[str, Callable[[], str]]:
    url = f"http://{HOST}:{port}/readyz"
    return url, lambda: http_answer(url)


def _answer(ask: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, ask().strip()
    except NotAnsweringError as error:
        return False, str(error)
