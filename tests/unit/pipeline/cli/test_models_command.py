"""`fakeme models`: output, files and exit codes."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from inference.errors import DownloadError
from inference.registration import register_folder
from pipeline.cli import cli
from tests.unit.inference.random_checkpoint import random_checkpoint, save


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, and a registry with a shipped and a remote model."""
    checkpoint = random_checkpoint()
    for name in ("shipped", "remote"):
        folder = tmp_path / "registry" / name
        folder.mkdir(parents=True)
        card = checkpoint.card.model_copy(update={"name": name})
        save(type(checkpoint)(card, checkpoint.network), folder)
    registry = tmp_path / "registry" / "registry.toml"
    register_folder(tmp_path / "registry" / "shipped", registry)
    register_folder(tmp_path / "registry" / "remote", registry, url="remote/weights.safetensors")
    monkeypatch.setenv("FAKEME_MODEL_REGISTRY", str(registry))
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def models(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["models", *map(str, arguments)])


def listed() -> dict[str, dict[str, object]]:
    return {model["name"]: model for model in json.loads(models("list", "--json").stdout)}


def test_list_shows_which_models_are_local() -> None:
    models_by_name = listed()

    assert {
        name: (model["source"], model["present"], model["default"]) for name, model in models_by_name.items()
    } == {
        "shipped": ("shipped", True, True),
        "remote": ("remote", False, False),
    }
    assert models_by_name["shipped"]["thresholds"] == {"tag": 0.9, "suspect": 0.5}
    assert "not fetched" in models("list").stdout


def test_a_fetched_model_passes_verification(home: Path) -> None:
    fetched = models("fetch", "remote")
    verified = models("verify")

    assert (fetched.exit_code, fetched.stdout) == (0, f"remote is in {home / 'models' / 'remote@0'}\n")
    assert (verified.exit_code, verified.stdout) == (0, "shipped@0: ok\nremote@0: ok\n")


def test_fetch_of_changed_weights_fails(tmp_path: Path) -> None:
    (tmp_path / "registry/remote/weights.safetensors").write_bytes(b"changed")

    assert isinstance(models("fetch", "remote").exception, DownloadError)
    assert not listed()["remote"]["present"]


def test_verify_names_a_model_that_cannot_serve(tmp_path: Path) -> None:
    (tmp_path / "registry/shipped/weights.safetensors").write_bytes(b"changed")

    result = models("verify", "shipped")

    assert result.exit_code == 1
    assert "shipped@0: " in result.stdout
    assert "its card says" in result.stdout


def test_an_imported_model_is_uncalibrated_and_never_tags(tmp_path: Path) -> None:
    torch.save(random_checkpoint().network.state_dict(), tmp_path / "best.pth")
    options = ("--network", "efficientnet_lite0", "--licence", "own", "--data", "own")

    imported = models("import", tmp_path / "best.pth", *options)

    assert imported.exit_code == 0, imported.output
    assert "imported as best@1; UNCALIBRATED" in imported.stdout
    assert listed()["best"]["thresholds"] == {"tag": 1.0, "suspect": 0.5}
    assert "UNCALIBRATED" in models("list").stdout
    assert models("verify", "best").stdout == "best@1: ok, but not calibrated: it never tags\n"


def test_register_updates_the_entry_from_the_card(tmp_path: Path) -> None:
    folder = tmp_path / "registry/shipped"
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"tag_threshold": 0.8}))

    assert "differs from the registry" in models("verify", "shipped").stdout
    assert models("register", folder).stdout == "shipped@0 is registered\n"

    assert models("verify", "shipped").exit_code == 0
    assert listed()["shipped"]["thresholds"] == {"tag": 0.8, "suspect": 0.5}


def test_an_unknown_model_is_a_user_error() -> None:
    result = models("fetch", "nothing")

    assert "no model is named 'nothing'; there are shipped@0, remote@0" in str(result.exception)
