"""A folder has one writer at a time, and the lock of a dead process is released."""

import subprocess
import sys

import pytest

from training.errors import FolderBusyError
from training.locking import held, is_held

HOLD = """
import sys
from pathlib import Path
from training.locking import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_lock_is_refused_until_it_is_released(tmp_path):
    folder = tmp_path / "run"
    with held(folder):
        assert is_held(folder)
        with pytest.raises(FolderBusyError, match=r"another process writes .*run"), held(folder):
            pass
    assert not is_held(folder)


def test_lock_of_a_killed_process_is_released(tmp_path):
    # given a process that holds the lock
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(tmp_path)

        # when it is killed
        holder.kill()
        holder.wait()

    # then the lock is free
    assert not is_held(tmp_path)


def test_child_that_inherits_the_lock_keeps_it(tmp_path):
    # given a process that passed its lock to a child and released it
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with held(tmp_path) as lock:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(lock,))
    assert is_held(tmp_path)

    # when the child ends
    child.communicate()

    # then the lock is free
    assert not is_held(tmp_path)
