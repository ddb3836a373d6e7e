"""A worker of the pipeline as a supervised service: a command with a health port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.ports import HOST
from infra.local.service import Command
from infra.probes import http_answer
from storage.access import Access

STOP_SECONDS = 30.0  # a worker finishes or abandons its work within this time


@dataclass(frozen=True)
class WorkerSpec:
    """A worker to run; ``FAKEME_HEALTH_PORT`` is added to its environment.

    ``public_port_variable`` is the environment variable for a second, public port. The stack publishes its
    URL as ``<name>_url``.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    public_port_variable: str | None = None
    access: Access | None = None  # if given, the stack gives it a database role and an S3 key of its own


class Worker:
    """A worker process with a ``/readyz`` endpoint."""

    def __init__(self, spec: WorkerSpec, folder: Path, *, health_port: int, env: Mapping[str, str]) -> None:
        self._spec = spec
        self._folder = folder
        self._env = {**spec.env, **env, "FAKEME_HEALTH_PORT": str(health_port)}
        self.health_port = health_port

    @property
    def name(self) -> str:
        """The worker's name."""
        return self._spec.name

    def prepare(self) -> Command:
        """Return the command; there is nothing to prepare."""
        return Command(self._spec.argv, self._folder, env=self._env, stop_seconds=STOP_SECONDS)

    def probe(self) -> str:
        """Return the answer of ``/readyz``."""
        return http_answer(f"http://{HOST}:{self.health_port}/readyz")
