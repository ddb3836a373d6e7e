"""One child process: on a leash, with a log file, in a process group of its own."""

import os
import signal
import subprocess
from pathlib import Path

from infra.local.parent_death import with_parent_death_signal
from infra.local.service import Command

LOG_LIMIT_BYTES = 10_000_000  # a longer log is moved aside at the next start, so two of these are the most


class ChildProcess:
    """A started command. The thread that starts it must outlive it: the kernel's leash is on the thread."""

    def __init__(self, command: Command, log: Path) -> None:
        self._command = command
        _rotate(log)
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own command lines
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
                start_new_session=True,  # a Ctrl-C reaches the supervisor alone, which stops in order
            )

    @property
    def pid(self) -> int:
        """The process id; also that of its process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal if one ended it."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it ends and reap it; None if it still runs after ``timeout`` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def interrupt(self) -> None:
        """Ask it to end in its own way."""
        if self.exit_code is None:
            os.kill(self.pid, self._command.stop_signal)

    def kill(self) -> None:
        """End it, and whatever it left in its process group, at once."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
