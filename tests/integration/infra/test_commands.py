"""`fakeme up`, `status` and `down` on the command line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.operations.external_services import EXTERNAL

pytestmark = pytest.mark.timeout(240)

START_SECONDS = 150.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def environment(home: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in EXTERNAL} | {
        "FAKEME_HOME": str(home)
    }


def fakeme(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def up(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A running `fakeme up --no-workers`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "up", "--no-workers"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not (home / "stack.json").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "the stack does not start"
        time.sleep(0.1)
    yield process
    process.terminate()
    process.wait(60)


def test_status_and_down_report_that_nothing_runs(home: Path) -> None:
    status, down = fakeme(home, "status"), fakeme(home, "down")
    assert (status.returncode, status.stdout) == (2, "")
    assert status.stderr.startswith("error: no local stack runs on")
    assert (down.returncode, down.stderr) == (0, "")


def test_status_reports_servers_and_memory(up: subprocess.Popen[str], home: Path) -> None:
    status = fakeme(home, "status", "--json")
    found = json.loads(status.stdout)
    assert status.returncode == 0
    assert found["ready"] is True
    assert found["supervisor_pid"] == up.pid
    assert [service["name"] for service in found["services"]] == ["kafka", "seaweedfs", "postgres"]
    assert found["memory_bytes"] == sum(service["memory_bytes"] for service in found["services"])


def test_doctor_accepts_the_running_stack(up: subprocess.Popen[str], home: Path) -> None:
    findings = json.loads(fakeme(home, "doctor", "--json").stdout)["findings"]
    levels = {finding["subject"]: finding["level"] for finding in findings}
    subjects = ("kafka", "topics", "s3 media", "s3 evidence", "postgres", "migrations", "ports")
    assert {subject: levels[subject] for subject in subjects} == dict.fromkeys(subjects, "ok")


def test_up_passes_keys_for_development_on(up: subprocess.Popen[str], home: Path) -> None:
    shown = json.loads(fakeme(home, "config", "show", "--json").stdout)

    assert shown["watermark"]["key"] == "**********"
    assert shown["provenance"]["private_key"] == str(home / "development" / "private_key.pem")
    assert (home / "stack.json").stat().st_mode & 0o777 == 0o600
    assert [file.suffix for file in (home / "trust").iterdir()] == [".pem"]


def test_second_up_names_the_first_and_exits_with_2(up: subprocess.Popen[str], home: Path) -> None:
    second = fakeme(home, "up", "--no-workers")
    assert second.returncode == 2
    assert second.stderr.startswith(f"error: a local stack already runs on {home} (pid {up.pid})")


def test_down_stops_the_stack_and_up_exits_cleanly(up: subprocess.Popen[str], home: Path) -> None:
    down = fakeme(home, "down")
    assert (down.returncode, down.stderr) == (0, "")
    output, _ = up.communicate(timeout=30)
    assert up.returncode == 0
    assert output.rstrip().endswith("stopped")
    assert not (home / "stack.json").exists()
