"""Stops a local stack that another process supervises."""

import os
import signal
import time
from pathlib import Path

from infra.errors import InfraError, NotRunningError
from infra.local.folder_lock import holder

STOP_TIMEOUT_SECONDS = 120.0  # workers have 30 s to finish, then each server 30 s
POLL_SECONDS = 0.1


class StillRunningError(InfraError):
    """The supervisor did not stop in time."""


def stop_stack(folder: Path, timeout: float = STOP_TIMEOUT_SECONDS) -> int:
    """Stop the stack on ``folder``, wait until its supervisor has exited, and return the supervisor's pid.

    :raises NotRunningError: no stack runs on this folder.
    :raises StillRunningError: the supervisor did not exit within ``timeout`` seconds.
    """
    pid = holder(folder)
    if pid is None:
        raise NotRunningError(folder)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while holder(folder) is not None:
        if time.monotonic() > deadline:
            raise StillRunningError(
                f"the local stack on {folder} is still running after {timeout:.0f} s: "
                f"see {folder / 'logs'}, or kill it with `kill -9 {pid}`"
            )
        time.sleep(POLL_SECONDS)
    return pid
