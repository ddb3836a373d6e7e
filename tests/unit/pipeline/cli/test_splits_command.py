"""`fakeme splits check`: exit codes, and leaks told by name."""

import re

import pytest
from typer.testing import CliRunner

from pipeline.cli import cli
from tests.unit.training.test_leaks import FIRST, SECOND
from training.errors import CollectionUnreadableError
from training.leaks import Record
from training.preprocess import index


def written(folder, *records: Record):
    """A collection's folder with an index alone, which is all that the check reads."""
    rows = ({name: getattr(record, name) for name in Record.__slots__} for record in records)
    index.write_table(folder / index.NAME, index.table_of(rows))
    return folder


def check(*folders):
    return CliRunner().invoke(cli, ["splits", "check", *map(str, folders)], env={"COLUMNS": "200"})


def test_a_clean_split_exits_with_0(tmp_path):
    said = check(written(tmp_path, FIRST, SECOND))
    assert said.exit_code == 0
    assert "no leak among 2 crops" in said.output
    assert re.search(r"kodf\W+train\W+1\W+1\W+1\W+0", said.output)


def test_a_leak_between_folders_exits_with_1_and_is_named(tmp_path):
    folders = tmp_path / "one", tmp_path / "other"
    for folder, record in zip(folders, (FIRST, Record(**{**_fields(SECOND), "pdq": FIRST.pdq})), strict=True):
        folder.mkdir()
        written(folder, record)
    said = check(*folders)
    assert said.exit_code == 1
    assert re.search(
        r"near-duplicate\W+a\.jpg and b\.jpg\W+train: kodf/a\.jpg\W+test: kodf/b\.jpg\W+0", said.output
    )
    assert "1 leaks" in said.output


def test_a_folder_that_is_no_collection_is_a_mistake_of_the_user(tmp_path):
    said = check(tmp_path)
    assert isinstance(said.exception, CollectionUnreadableError)
    with pytest.raises(CollectionUnreadableError, match=r"make it with `fakeme preprocess`"):
        raise said.exception


def _fields(record: Record):
    return {name: getattr(record, name) for name in Record.__slots__}
