"""`fakeme splits check`: exit codes and reported leaks."""

import re

import pytest
from typer.testing import CliRunner

from pipeline.cli import cli
from tests.unit.training.test_leaks import FIRST, SECOND
from training.errors import CollectionUnreadableError
from training.leaks import Record
from training.preprocess import index


def written(folder, *records: Record):
    """Write a collection folder with only an index, which is all that the check reads."""
    rows = ({name: getattr(record, name) for name in Record.__slots__} for record in records)
    index.write_table(folder / index.NAME, index.table_of(rows))
    return folder


def check(*folders):
    return CliRunner().invoke(cli, ["splits", "check", *map(str, folders)], env={"COLUMNS": "200"})


def test_a_clean_split_exits_with_0(tmp_path):
    result = check(written(tmp_path, FIRST, SECOND))
    assert result.exit_code == 0
    assert "no leak among 2 crops" in result.output
    assert re.search(r"kodf\W+train\W+1\W+1\W+1\W+0", result.output)


def test_a_leak_between_folders_exits_with_1_and_is_named(tmp_path):
    folders = tmp_path / "one", tmp_path / "other"
    for folder, record in zip(folders, (FIRST, Record(**{**_fields(SECOND), "pdq": FIRST.pdq})), strict=True):
        folder.mkdir()
        written(folder, record)
    result = check(*folders)
    assert result.exit_code == 1
    assert re.search(
        r"near-duplicate\W+a\.jpg and b\.jpg\W+train: kodf/a\.jpg\W+test: kodf/b\.jpg\W+0", result.output
    )
    assert "1 leaks" in result.output


def test_a_folder_without_a_collection_is_a_user_error(tmp_path):
    result = check(tmp_path)
    assert isinstance(result.exception, CollectionUnreadableError)
    with pytest.raises(CollectionUnreadableError, match=r"make it with `fakeme preprocess`"):
        raise result.exception


def _fields(record: Record):
    return {name: getattr(record, name) for name in Record.__slots__}
