"""`fakeme evaluate`: how it reports user errors."""

import pytest
from typer.testing import CliRunner

from inference.checkpoint import default_model_dir
from inference.errors import CheckpointMissingError
from pipeline.cli import cli
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("model", "error"), [("nowhere", CheckpointMissingError), (str(default_model_dir()), TrainingError)]
)
def test_a_missing_folder_is_named(tmp_path, model, error):
    # given a missing model, or a model and missing data
    arguments = ["evaluate", str(tmp_path / model), "--data", str(tmp_path / "data")]
    result = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path / "out"), "--device", "cpu"])

    # then the command names the folder and writes nothing
    assert isinstance(result.exception, error)
    assert str(tmp_path) in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_data_is_required():
    result = CliRunner().invoke(cli, ["evaluate", str(default_model_dir())])
    assert result.exit_code == 2
    assert "--data" in result.output
