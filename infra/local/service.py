"""The interface of servers and workers for the supervisor."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Command:
    """A process to start; ``env`` extends the current environment, ``user`` requires root."""

    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 30.0


class Service(Protocol):
    """A server or worker. Its methods keep no state in memory that a restart would need."""

    @property
    def name(self) -> str:
        """The name in logs, in ``fakeme status`` and in the log file's name."""

    def prepare(self) -> Command:
        """Create the files that the service needs, and return its command; may take seconds."""

    def probe(self) -> str:
        """Send a real request to the service; return a summary of the answer, or raise NotAnsweringError."""
