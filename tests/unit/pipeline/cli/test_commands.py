"""The command loads only what it is asked for, and tells people their mistakes in one line."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pipeline.cli import COMMANDS, cli

HEAVY = ("torch", "cv2", "sqlalchemy", "boto3", "confluent_kafka", "faust", "fastapi")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    helped = CliRunner().invoke(cli, [name, "--help"])
    assert helped.exit_code == 0
    assert f"fakeme {name}" in helped.output


def test_a_worker_starts_without_what_other_commands_need() -> None:
    script = f"""
import sys
from typer.testing import CliRunner
from pipeline.cli import cli
CliRunner().invoke(cli, ["worker", "--help"])
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_mistake_is_one_line_without_a_traceback() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pipeline", "worker", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
        env={"FAKEME_KAFKA_BOOTSTRAP": "x:1", "FAKEME_DATABASE_URL": "postgresql://x"},
    )
    assert said.returncode == 2
    assert said.stderr.startswith("error: there is no worker 'nonsense'; the workers are detection, tagging,")
    assert len(said.stderr.splitlines()) == 1
