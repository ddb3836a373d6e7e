"""Restarts, failures and stops of supervised services, with small processes as services."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from infra.errors import MachineError, NotAnsweringError, StartError, StoppedError
from infra.local.service import Command
from infra.local.supervised_service import MAX_CRASHES_BEFORE_READY, SupervisedService

SLEEP = "import time; time.sleep(60)"
IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open('up', 'w').close(); time.sleep(60)"
)
WITH_CHILD = (
    "import subprocess, sys, time; c = subprocess.Popen(['sleep', '60']);"
    "open('up', 'w').write(str(c.pid)); time.sleep(60)"
)


class Script:
    """A service that runs Python code and answers the last of ``probes`` probes and all later ones."""

    name = "script"

    def __init__(self, folder: Path, code: str, *, probes: int = 1, stop_seconds: float = 10.0) -> None:
        self._folder = folder
        self._code = code
        self._left = probes
        self._stop_seconds = stop_seconds
        self.failure: MachineError | None = None

    def prepare(self) -> Command:
        if self.failure is not None:
            raise self.failure
        return Command((sys.executable, "-c", self._code), self._folder, stop_seconds=self._stop_seconds)

    def probe(self) -> str:
        self._left -= 1
        if self._left > 0:
            raise NotAnsweringError("not yet")
        return "here"


def supervise(service: Script, tmp_path: Path) -> SupervisedService:
    return SupervisedService(service, tmp_path / "script.log", lambda: None)


def wait_for(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_service_is_ready_after_its_first_answer_and_exits_on_stop(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP, probes=3), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    pid = supervised.pid
    assert pid is not None
    supervised.stop()
    assert not psutil.pid_exists(pid)
    assert (supervised.pid, supervised.restarts) == (None, 0)


def test_killed_service_is_restarted(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    first = supervised.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: supervised.pid not in (None, first))
    supervised.stop()
    assert supervised.restarts == 1


def test_crash_loop_fails_with_the_end_of_the_log(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, "raise SystemExit('no such setting')", probes=10**6), tmp_path)
    supervised.start()
    with pytest.raises(StartError, match=r"(?s)exited with code 1.*no such setting"):
        supervised.wait_ready(30)
    supervised.stop()
    assert supervised.restarts == MAX_CRASHES_BEFORE_READY - 1


def test_service_that_never_answers_fails_after_the_timeout(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP, probes=10**6), tmp_path)
    supervised.start()
    with pytest.raises(StartError, match="not ready within 0 s"):
        supervised.wait_ready(0.3)
    supervised.stop()
    assert supervised.pid is None


def test_stop_wakes_wait_ready(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP, probes=10**6), tmp_path)
    supervised.start()
    with ThreadPoolExecutor(1) as waiter:
        waiting = waiter.submit(supervised.wait_ready, 60)
        wait_for(lambda: supervised.pid is not None)
        supervised.stop()
        with pytest.raises(StoppedError):
            waiting.result(10)


def test_failed_preparation_is_raised_unchanged(tmp_path: Path) -> None:
    service = Script(tmp_path, SLEEP)
    service.failure = MachineError("the disk is full")
    supervised = supervise(service, tmp_path)
    supervised.start()
    with pytest.raises(MachineError, match="the disk is full"):
        supervised.wait_ready(20)
    supervised.stop()


def test_service_that_ignores_the_stop_signal_is_killed(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, IGNORES_SIGTERM, stop_seconds=0.3), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    wait_for((tmp_path / "up").exists)
    pid = supervised.pid
    assert pid is not None
    supervised.stop()
    assert not psutil.pid_exists(pid)


def test_children_of_a_killed_process_are_killed(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, WITH_CHILD), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    wait_for(lambda: (tmp_path / "up").exists() and (tmp_path / "up").read_text())
    child = psutil.Process(int((tmp_path / "up").read_text()))
    assert supervised.pid is not None
    os.kill(supervised.pid, signal.SIGKILL)
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    supervised.stop()
