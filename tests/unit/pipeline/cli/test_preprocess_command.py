"""`fakeme preprocess`: a complete run with worker processes, and user errors."""

import re

import pytest
from typer.testing import CliRunner

from pipeline.cli import cli
from tests.unit.training.preprocess.trees import jpeg, people
from training.datasets import read_collection
from training.errors import SourceMissingError, UnknownLayoutError


def preprocess(*arguments):
    return CliRunner().invoke(cli, ["preprocess", *map(str, arguments)], env={"COLUMNS": "200"})


def test_a_set_with_a_broken_file(tmp_path):
    # given three pictures, one of them broken
    pictures = {"1.jpg": ("p1", jpeg(1)), "2.jpg": ("p2", jpeg(2)), "3.jpg": ("p2", b"\xff\xd8\xff broken")}
    source = people(tmp_path / "in", pictures)

    # when preprocessed
    result = preprocess(source, tmp_path / "out", "--layout", "people", "--workers", 1)

    # then two are in the collection, and the broken one is named and counted
    assert result.exit_code == 0, result.output
    assert sorted(photo.name for photo in read_collection(tmp_path / "out")) == ["1.jpg", "2.jpg"]
    assert "skipped people-0.tar/3.jpg: truncated" in result.stderr
    assert "3/3" in result.stderr
    counts = dict(re.findall(r"│ ([\w .()]+?) +│ (\d+) +│", result.stdout))
    assert counts["crops"] == "2"
    assert counts["media that failed (failures.csv)"] == "1"


@pytest.mark.parametrize(
    ("layout", "error"), [("imagenet", UnknownLayoutError), ("kodf", SourceMissingError)]
)
def test_user_errors(tmp_path, layout, error):
    people(tmp_path / "in", {"1.jpg": ("p1", jpeg(1))})
    result = preprocess(tmp_path / "in", tmp_path / "out", "--layout", layout)
    assert isinstance(result.exception, error)
    assert not (tmp_path / "out").exists()
