"""Starts the fork server with an empty environment, and starts it again if it was killed."""

import socket
import subprocess
import sys
from threading import Lock

from inference.sandbox.environment import interpreter_environment
from inference.sandbox.messages import SOCKET_KIND, Spawn


class ForkServerProcess:
    """Orders decoding processes from the fork server. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._ensure_running()

    @property
    def pid(self) -> int | None:
        """The process id of the fork server; None after :meth:`close`."""
        return None if self._process is None else self._process.pid

    def is_running(self, pid: int) -> bool:
        """Return whether the fork server runs and still is process ``pid``."""
        with self._lock:
            return self._process is not None and self._process.pid == pid and self._process.poll() is None

    def spawn(self, spawn: Spawn, *, jobs: int, status: int) -> int:
        """Start a process that serves the socket ``jobs``; its end is reported on the socket ``status``.

        Return the process id of the fork server. Raise ``OSError`` if it ended at this very moment.
        """
        with self._lock:
            orders, pid = self._ensure_running()
            socket.send_fds(orders, [spawn.to_bytes()], [jobs, status])
        return pid

    def close(self) -> None:
        """End the fork server and the decoding processes."""
        with self._lock:
            if self._orders is not None:
                self._orders.close()
                self._orders = None
            if self._process is not None:
                self._process.wait()
                self._process = None

    def _ensure_running(self) -> tuple[socket.socket, int]:
        if self._orders is not None and self._process is not None and self._process.poll() is None:
            return self._orders, self._process.pid
        if self._orders is not None:
            self._orders.close()
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, SOCKET_KIND)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "inference.sandbox.fork_server", str(theirs.fileno())],
                env=interpreter_environment(),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        return self._orders, self._process.pid
