"""Runs one service: starts it, waits until it is ready, and restarts it after a crash."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from infra.errors import InfraError, NotAnsweringError, StartError, StoppedError
from infra.local.backoff import consecutive_crashes, restart_delay
from infra.local.process import ChildProcess
from infra.local.service import Command, Service

POLL_SECONDS = 0.1
MAX_CRASHES_BEFORE_READY = 4  # a first start may lose a race for a port; more crashes mean a real fault

log = structlog.get_logger("fakeme.local")


class SupervisedService:
    """A service and the thread that starts it.

    The thread lives as long as the service, because the parent-death signal is bound to the thread.
    """

    def __init__(self, service: Service, log_file: Path, on_change: Callable[[], None]) -> None:
        self.service = service
        self.restarts = 0
        self._log_file = log_file
        self._on_change = on_change
        self._child: ChildProcess | None = None
        self._command: Command | None = None
        self._failure: InfraError | None = None
        self._ready = threading.Event()
        self._settled = threading.Event()  # ready for the first time, or failed
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._supervise, name=f"supervise-{service.name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The pid of the running process; None between a crash and the restart."""
        child = self._child
        return child.pid if child is not None and child.exit_code is None else None

    def start(self) -> None:
        """Start the service in the background."""
        self._thread.start()

    def wait_ready(self, timeout: float) -> None:
        """Wait until the service is ready; raise its failure, or StartError after ``timeout`` seconds."""
        settled = self._settled.wait(timeout)
        if self._failure is not None:
            raise self._failure
        if self._stopping.is_set():
            raise StoppedError(f"{self.service.name} was stopped before it was ready")
        if not settled:
            raise StartError(self.service.name, f"not ready within {timeout:.0f} s", self._log_file)

    def stop(self) -> None:
        """Stop the service gracefully, or kill it after its timeout; return when the process has exited."""
        self._stopping.set()
        self._settled.set()  # wakes wait_ready
        with self._lock:
            child, command = self._child, self._command
        if child is not None and command is not None:
            child.interrupt()
            if child.wait(command.stop_seconds) is None:
                log.warning("killed", service=self.service.name, after_seconds=command.stop_seconds)
                child.kill()
        if self._thread.ident is not None:
            self._thread.join()

    def _supervise(self) -> None:
        crashes = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            reason = self._run_once()
            if self._stopping.is_set():
                break
            crashes = consecutive_crashes(crashes, time.monotonic() - began)
            if self._gives_up(crashes, reason):
                return
            self.restarts += 1
            log.warning(
                "restarts", service=self.service.name, because=reason, in_seconds=restart_delay(crashes)
            )
            self._stopping.wait(restart_delay(crashes))

    def _run_once(self) -> str:
        """Run the process until it exits; return the reason."""
        try:
            command = self.service.prepare()
            child = self._spawn(command)
        except InfraError as error:
            if not self._settled.is_set():
                self._fail(error)
            return str(error)
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
        if child is None:
            return "stopped"
        self._until_ready(child)
        code = child.wait()
        child.kill()  # kills processes that it left in its process group
        self._ready.clear()
        return f"it exited with code {code}"

    def _spawn(self, command: Command) -> ChildProcess | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._command = command
            self._child = ChildProcess(command, self._log_file)
        self._on_change()
        return self._child

    def _until_ready(self, child: ChildProcess) -> None:
        while child.exit_code is None and not self._stopping.is_set():
            try:
                self.service.probe()
            except NotAnsweringError:
                self._stopping.wait(POLL_SECONDS)
            else:
                self._ready.set()
                self._settled.set()
                return

    def _gives_up(self, crashes: int, reason: str) -> bool:
        if self._settled.is_set():
            return self._failure is not None
        if crashes < MAX_CRASHES_BEFORE_READY:
            return False
        self._fail(StartError(self.service.name, reason, self._log_file))
        return True

    def _fail(self, failure: InfraError) -> None:
        self._failure = failure
        self._settled.set()
