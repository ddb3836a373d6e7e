"""A child process with a parent-death signal, a log file and its own process group."""

import os
import signal
import subprocess
from pathlib import Path

from infra.local.parent_death import with_parent_death_signal
from infra.local.service import Command

LOG_LIMIT_BYTES = 10_000_000  # a larger log is rotated at the next start; one old log is kept


class ChildProcess:
    """A started command. The parent-death signal is bound to the starting thread, which must outlive it."""

    def __init__(self, command: Command, log: Path) -> None:
        self._command = command
        _rotate(log)
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - trusted command lines
                with_parent_death_signal(
                    command.argv,
                    supervisor=os.getpid(),
                    user=command.user,
                    required_paths=(command.folder, Path(command.argv[0])),
                ),
                cwd=command.folder,
                env={**os.environ, **command.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only the supervisor, which stops services in order
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the process group id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the process runs; the negative signal number if a signal killed it."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the process and return its exit code; None if it still runs after ``timeout`` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def interrupt(self) -> None:
        """Send the stop signal."""
        if self.exit_code is None:
            os.kill(self.pid, self._command.stop_signal)

    def kill(self) -> None:
        """Kill the whole process group."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
