"""A supervised with small processes for servers: restarts, failures, stops."""

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
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open('up', 'w').close(); time.sleep(60)"
)
WITH_CHILD = (
    "import subprocess, sys, time; c = subprocess.Popen(['sleep', '60']);"
    "open('up', 'w').write(str(c.pid)); time.sleep(60)"
)


class Script:
    """A service that runs Python code and answers as soon as it was asked ``questions`` times."""

    name = "script"

    def __init__(self, folder: Path, code: str, *, questions: int = 1, stop_seconds: float = 10.0) -> None:
        self._folder = folder
        self._code = code
        self._left = questions
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


def test_ready_once_it_answers_and_gone_after_stop(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP, questions=3), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    pid = supervised.pid
    assert pid is not None
    supervised.stop()
    assert not psutil.pid_exists(pid)
    assert (supervised.pid, supervised.restarts) == (None, 0)


def test_what_was_killed_is_started_again(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    first = supervised.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: supervised.pid not in (None, first))
    supervised.stop()
    assert supervised.restarts == 1


def test_what_keeps_dying_fails_with_the_end_of_its_log(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, "raise SystemExit('no such setting')", questions=10**6), tmp_path)
    supervised.start()
    with pytest.raises(StartError, match=r"(?s)exited with code 1.*no such setting"):
        supervised.wait_ready(30)
    supervised.stop()
    assert supervised.restarts == MAX_CRASHES_BEFORE_READY - 1


def test_what_never_answers_fails_in_time(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP, questions=10**6), tmp_path)
    supervised.start()
    with pytest.raises(StartError, match="not ready within 0 s"):
        supervised.wait_ready(0.3)
    supervised.stop()
    assert supervised.pid is None


def test_whoever_waits_for_it_is_told_when_it_is_stopped(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, SLEEP, questions=10**6), tmp_path)
    supervised.start()
    with ThreadPoolExecutor(1) as waiter:
        waiting = waiter.submit(supervised.wait_ready, 60)
        wait_for(lambda: supervised.pid is not None)
        supervised.stop()
        with pytest.raises(StoppedError):
            waiting.result(10)


def test_a_preparation_that_fails_is_told_as_it_is(tmp_path: Path) -> None:
    service = Script(tmp_path, SLEEP)
    service.failure = MachineError("the disk is full")
    supervised = supervise(service, tmp_path)
    supervised.start()
    with pytest.raises(MachineError, match="the disk is full"):
        supervised.wait_ready(20)
    supervised.stop()


def test_one_that_will_not_stop_is_killed_after_its_time(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, DEAF, stop_seconds=0.3), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    wait_for((tmp_path / "up").exists)
    pid = supervised.pid
    assert pid is not None
    supervised.stop()
    assert not psutil.pid_exists(pid)


def test_children_of_a_killed_process_do_not_stay(tmp_path: Path) -> None:
    supervised = supervise(Script(tmp_path, WITH_CHILD), tmp_path)
    supervised.start()
    supervised.wait_ready(20)
    wait_for(lambda: (tmp_path / "up").exists() and (tmp_path / "up").read_text())
    child = psutil.Process(int((tmp_path / "up").read_text()))
    assert supervised.pid is not None
    os.kill(supervised.pid, signal.SIGKILL)
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    supervised.stop()
