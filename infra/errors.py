"""What goes wrong with services; every message says what to do."""

from pathlib import Path


class InfraError(Exception):
    """Base of what this package raises."""


class NotAnsweringError(InfraError):
    """A service was asked and did not give the answer it gives when it works."""


class AlreadyRunningError(InfraError):
    """Another supervisor holds the data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.folder = folder
        self.pid = pid
        super().__init__(
            f"a local stack already runs on {folder} (pid {pid or 'unknown'}): "
            "see it with `fakeme status`, stop it with `fakeme down`, or give another folder with --data"
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
        super().__init__(f"{name} did not start: {reason}. Its log is {log}, and ends with:\n{_tail(log)}")


class StoppedError(InfraError):
    """Somebody stopped the stack while it started."""


class JarsError(InfraError):
    """The jars of Kafka cannot be had, or are not the locked ones."""


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
