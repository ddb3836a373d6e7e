"""Commands that are killed when their supervisor dies."""

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


def test_command_gets_its_arguments_unchanged() -> None:
    done = run((sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$HOME", "'"), os.getpid())
    assert done.stdout.strip() == str(["a b", "$HOME", "'"])


def test_command_does_not_start_without_its_supervisor() -> None:
    done = run(("/bin/echo", "started"), 1)
    assert (done.stdout, done.returncode) == ("", 1)


def test_all_capabilities_are_dropped_if_the_folders_are_traversable() -> None:
    command = with_parent_death_signal(
        ("true",), supervisor=1, user="nobody", required_paths=(Path("/usr/bin/true"),)
    )
    assert {"--reuid=nobody", "--clear-groups", "--ambient-caps=-all"} <= set(command)


def test_one_capability_is_kept_for_closed_folders(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    command = with_parent_death_signal(
        ("true",), supervisor=1, user="nobody", required_paths=(tmp_path / "cluster",)
    )
    assert "--ambient-caps=-all,+dac_override" in command


def test_every_parent_folder_must_be_traversable(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    tmp_path.chmod(0o700)
    assert not is_traversable_by_others(tmp_path / "open" / "file")
    assert is_traversable_by_others(Path("/usr/bin/env"))


def test_missing_setpriv_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MachineError, match="util-linux"):
        with_parent_death_signal(("true",), supervisor=1, user=None)
