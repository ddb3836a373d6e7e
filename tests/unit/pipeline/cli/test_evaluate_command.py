"""`fakeme evaluate`: what it answers to a user's mistakes."""

import pytest
from typer.testing import CliRunner

from inference.checkpoint import default_model_dir
from inference.errors import CheckpointMissingError
from pipeline.cli import cli
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("model", "error"), [("nowhere", CheckpointMissingError), (str(default_model_dir()), TrainingError)]
)
def test_a_folder_that_is_not_there_is_named(tmp_path, model, error):
    # given a model that is not there, or one that is and data that are not
    arguments = ["evaluate", str(tmp_path / model), "--data", str(tmp_path / "data")]
    answer = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path / "out"), "--device", "cpu"])

    # then the command says so, with its name, and writes nothing
    assert isinstance(answer.exception, error)
    assert str(tmp_path) in str(answer.exception)
    assert not (tmp_path / "out").exists()


def test_data_must_be_given():
    answer = CliRunner().invoke(cli, ["evaluate", str(default_model_dir())])
    assert answer.exit_code == 2
    assert "--data" in answer.output
