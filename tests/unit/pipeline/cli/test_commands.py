"""The command loads only what it needs, and reports user errors in one line."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pipeline.cli import COMMANDS, cli

HEAVY = ("torch", "cv2", "sqlalchemy", "boto3", "confluent_kafka", "faust", "fastapi")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert f"fakeme {name}" in result.output


def test_a_worker_loads_no_dependencies_of_other_commands() -> None:
    script = f"""
import sys
from typer.testing import CliRunner
from pipeline.cli import cli
CliRunner().invoke(cli, ["worker", "--help"])
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_a_user_error_is_one_line_without_a_traceback() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "pipeline", "worker", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
        env={"FAKEME_KAFKA_BOOTSTRAP": "x:1", "FAKEME_DATABASE_URL": "postgresql://x"},
    )
    assert process.returncode == 2
    message = "error: there is no worker 'nonsense'; the workers are detection, tagging,"
    assert process.stderr.startswith(message)
    assert len(process.stderr.splitlines()) == 1
