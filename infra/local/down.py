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
    """The supervisor did not end in time."""


def stop_stack(folder: Path, timeout: float = STOP_TIMEOUT_SECONDS) -> int:
    """Ask the supervisor of ``folder`` to stop everything and wait until it is gone; returns its pid.

    :raises NotRunningError: nobody supervises this folder.
    :raises StillRunningError: it did not end within ``timeout`` seconds.
    """
    pid = holder(folder)
    if pid is None:
        raise NotRunningError(folder)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while holder(folder) is not None:
        if time.monotonic() > deadline:
            raise StillRunningError(
                f"the local stack on {folder} still runs after {timeout:.0f} s: "
                f"see {folder / 'logs'}, or end it with `kill -9 {pid}`"
            )
        time.sleep(POLL_SECONDS)
    return pid
