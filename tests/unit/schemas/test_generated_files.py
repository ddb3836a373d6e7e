"""The generated files match the contracts."""

from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from pipeline.cli import cli
from schemas.errors import NoSourceTreeError
from schemas.export import SOURCE_TREE, generated_files, stale_files, write_files


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with all generated files, to copy, because generating them takes a second."""
    root = tmp_path_factory.mktemp("exported")
    (root / "pyproject.toml").touch()
    write_files(root)
    return root


@pytest.fixture
def checkout(exported: Path, tmp_path: Path) -> Path:
    """A checkout with all generated files up to date."""
    return copytree(exported, tmp_path / "checkout")


def test_committed_files_are_up_to_date() -> None:
    assert stale_files(SOURCE_TREE) == [], "run `fakeme schemas export` and commit what it writes"


def test_generated_files_are_schemas_asyncapi_and_reference() -> None:
    names = sorted(generated_files())

    assert len(names) == 14
    assert names[:3] == [
        "docs/events.md",
        "schemas/asyncapi.yaml",
        "schemas/jsonschema/fakeme.generation.requested.v1.json",
    ]


def test_second_export_writes_nothing(checkout: Path) -> None:
    assert write_files(checkout) == []


@pytest.mark.parametrize("name", ["docs/events.md", "schemas/jsonschema/fakeme.posts.created.v1.json"])
def test_changed_file_is_stale_and_is_written_again(checkout: Path, name: str) -> None:
    good = (checkout / name).read_text("utf-8")
    (checkout / name).write_text(good + " ", "utf-8")

    assert stale_files(checkout) == [name]
    assert write_files(checkout) == [name]
    assert (checkout / name).read_text("utf-8") == good


def test_missing_file_is_stale(checkout: Path) -> None:
    (checkout / "schemas/asyncapi.yaml").unlink()

    assert stale_files(checkout) == ["schemas/asyncapi.yaml"]


def test_schema_of_a_removed_event_is_stale_and_deleted(checkout: Path) -> None:
    left_over = checkout / "schemas/jsonschema/fakeme.posts.forgotten.v1.json"
    left_over.write_text("{}")

    assert write_files(checkout) == ["schemas/jsonschema/fakeme.posts.forgotten.v1.json"]
    assert not left_over.exists()


def test_export_outside_a_checkout_fails_with_instructions(tmp_path: Path) -> None:
    with pytest.raises(NoSourceTreeError, match="run this in a checkout, or name one with --root"):
        write_files(tmp_path)


def test_command_checks_without_writing(checkout: Path) -> None:
    (checkout / "docs/events.md").unlink()

    checked = CliRunner().invoke(cli, ["schemas", "export", "--check", "--root", str(checkout)])

    assert checked.exit_code == 1
    assert checked.stdout == "stale, run `fakeme schemas export`:\ndocs/events.md\n"
    assert not (checkout / "docs/events.md").exists()


def test_command_lists_the_written_files(checkout: Path) -> None:
    (checkout / "docs/events.md").unlink()

    exported = CliRunner().invoke(cli, ["schemas", "export", "--root", str(checkout)])

    assert (exported.exit_code, exported.stdout) == (0, "docs/events.md\n")
    assert (checkout / "docs/events.md").exists()
