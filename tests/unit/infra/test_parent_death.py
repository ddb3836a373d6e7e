"""Command lines that die with their supervisor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.errors import MachineError
from infra.local.parent_death import is_traversable_by_others, with_parent_death_signal


def run(argv: tuple[str, ...], supervisor: int) -> subprocess.CompletedProcess[str]:
    command = with_parent_death_signal(argv, supervisor=supervisor, user=None)
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def test_runs_the_command_with_its_arguments_untouched() -> None:
    done = run((sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$HOME", "'"), os.getpid())
    assert done.stdout.strip() == str(["a b", "$HOME", "'"])


def test_does_not_start_for_a_supervisor_that_is_gone() -> None:
    done = run(("/bin/echo", "started"), 1)
    assert (done.stdout, done.returncode) == ("", 1)


def test_gives_up_root_and_keeps_no_capability_where_folders_are_open() -> None:
    command = with_parent_death_signal(
        ("true",), supervisor=1, user="nobody", required_paths=(Path("/usr/bin/true"),)
    )
    assert {"--reuid=nobody", "--clear-groups", "--ambient-caps=-all"} <= set(command)


def test_keeps_the_one_capability_that_walks_through_closed_folders(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    command = with_parent_death_signal(
        ("true",), supervisor=1, user="nobody", required_paths=(tmp_path / "cluster",)
    )
    assert "--ambient-caps=-all,+dac_override" in command


def test_open_to_others_looks_at_every_folder_above(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    tmp_path.chmod(0o700)
    assert not is_traversable_by_others(tmp_path / "open" / "file")
    assert is_traversable_by_others(Path("/usr/bin/env"))


def test_says_what_to_install_without_setpriv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MachineError, match="util-linux"):
        with_parent_death_signal(("true",), supervisor=1, user=None)
