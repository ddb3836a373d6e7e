"""What the supervisor needs to know of a server or worker to keep it running."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Command:
    """A process to be: ``env`` is added to ours, ``user`` is somebody else to run as (root only)."""

    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 30.0


class Service(Protocol):
    """One server or worker. Neither method keeps state in memory that a restart would need."""

    @property
    def name(self) -> str:
        """The name in logs, in ``fakeme status`` and of the log file."""

    def prepare(self) -> Command:
        """Put on disk what the start needs, unless it is there, and say how to start; may take seconds."""

    def probe(self) -> str:
        """Ask the running service for real; returns what it says, raises NotAnsweringError."""
