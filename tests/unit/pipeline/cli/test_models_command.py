"""`fakeme models` from the outside: what it prints, what it leaves on the disk, and its exit codes."""

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
    """The data folder, and a registry whose models are a shipped one and one that lies elsewhere."""
    checkpoint = random_checkpoint()
    for name in ("shipped", "elsewhere"):
        folder = tmp_path / "registry" / name
        folder.mkdir(parents=True)
        card = checkpoint.card.model_copy(update={"name": name})
        save(type(checkpoint)(card, checkpoint.network), folder)
    registry = tmp_path / "registry" / "registry.toml"
    register_folder(tmp_path / "registry" / "shipped", registry)
    register_folder(tmp_path / "registry" / "elsewhere", registry, url="elsewhere/weights.safetensors")
    monkeypatch.setenv("FAKEME_MODEL_REGISTRY", str(registry))
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def models(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["models", *map(str, arguments)])


def listed() -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in json.loads(models("list", "--json").stdout)}


def test_list_says_what_is_here_and_what_is_not() -> None:
    found = listed()

    assert {name: (each["source"], each["present"], each["default"]) for name, each in found.items()} == {
        "shipped": ("shipped", True, True),
        "elsewhere": ("remote", False, False),
    }
    assert found["shipped"]["thresholds"] == {"tag": 0.9, "suspect": 0.5}
    assert "not here" in models("list").stdout


def test_fetch_brings_a_model_that_verify_finds_good(home: Path) -> None:
    fetched = models("fetch", "elsewhere")
    verified = models("verify")

    assert (fetched.exit_code, fetched.stdout) == (0, f"elsewhere is in {home / 'models' / 'elsewhere@0'}\n")
    assert (verified.exit_code, verified.stdout) == (0, "shipped@0: good\nelsewhere@0: good\n")


def test_fetch_of_changed_weights_fails(tmp_path: Path) -> None:
    (tmp_path / "registry/elsewhere/weights.safetensors").write_bytes(b"changed")

    assert isinstance(models("fetch", "elsewhere").exception, DownloadError)
    assert not listed()["elsewhere"]["present"]


def test_verify_names_what_cannot_serve(tmp_path: Path) -> None:
    (tmp_path / "registry/shipped/weights.safetensors").write_bytes(b"changed")

    found = models("verify", "shipped")

    assert found.exit_code == 1
    assert "shipped@0: " in found.stdout
    assert "its card says" in found.stdout


def test_import_makes_a_model_that_says_it_never_tags(tmp_path: Path) -> None:
    torch.save(random_checkpoint().network.state_dict(), tmp_path / "best.pth")
    about = ("--network", "efficientnet_lite0", "--licence", "own", "--data", "own")

    imported = models("import", tmp_path / "best.pth", *about)

    assert imported.exit_code == 0, imported.output
    assert "imported as best@1; UNCALIBRATED" in imported.stdout
    assert listed()["best"]["thresholds"] == {"tag": 1.0, "suspect": 0.5}
    assert "UNCALIBRATED" in models("list").stdout
    assert models("verify", "best").stdout == "best@1: good, but not calibrated: it never tags\n"


def test_register_takes_a_changed_card_over(tmp_path: Path) -> None:
    folder = tmp_path / "registry/shipped"
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"tag_threshold": 0.8}))

    assert "differs from the registry" in models("verify", "shipped").stdout
    assert models("register", folder).stdout == "shipped@0 is registered\n"

    assert models("verify", "shipped").exit_code == 0
    assert listed()["shipped"]["thresholds"] == {"tag": 0.8, "suspect": 0.5}


def test_unknown_model_is_an_error_of_the_user() -> None:
    found = models("fetch", "nothing")

    assert "no model is named 'nothing'; there are shipped@0, elsewhere@0" in str(found.exception)
