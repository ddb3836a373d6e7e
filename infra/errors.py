"""Errors of the infra package. Each message says what to do."""

from pathlib import Path


class InfraError(Exception):
    """Base class of this package's errors."""


class NotAnsweringError(InfraError):
    """A service did not pass its health check."""


class AlreadyRunningError(InfraError):
    """Another supervisor holds the data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.folder = folder
        self.pid = pid
        super().__init__(
            f"a local stack already runs on {folder} (pid {pid or 'unknown'}): "
            "see it with `fakeme status`, stop it with `fakeme down`, or choose another folder with --data"
        )


class NotRunningError(InfraError):
    """No supervisor holds the data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"no local stack runs on {folder}: start one with `fakeme up`")


class StartError(InfraError):
    """A server or worker did not become ready; the message ends with the tail of its log."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        self.name = name
        super().__init__(f"{name} did not start: {reason}. The last lines of its log {log}:\n{_tail(log)}")


class StoppedError(InfraError):
    """The stack was stopped while it started."""


class JarsError(InfraError):
    """Kafka's jars cannot be downloaded, or do not match the lock file."""


class MachineError(InfraError):
    """This machine lacks something that the local stack needs."""


class StateFileError(InfraError):
    """A file of the data folder cannot be read."""


def _tail(log: Path, lines: int = 12) -> str:
    if not log.exists():
        return "  (empty)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8_192))
        text = file.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
