"""`fakeme models import simswap` and `arcface`: what users see, and what detection makes of it."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from typer.testing import CliRunner, Result

from inference.errors import ForeignWeightsError, WrongPurposeError
from inference.swapper.generator import Generator
from inference.swapper.variant import Variant
from pipeline.cli import cli
from tests.unit.inference.swapper.published_entries import ENCODER, random_state


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def generator_file(tmp_path: Path) -> Path:
    """A checkpoint as the official code writes it."""
    torch.manual_seed(0)
    torch.save(Generator(Variant.PEOPLE, width=1 / 8).state_dict(), tmp_path / "latest_net_G.pth")
    return tmp_path / "latest_net_G.pth"


def fakeme(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


def test_an_imported_generator_is_listed_and_never_detects(generator_file: Path, home: Path) -> None:
    imported = fakeme("models", "import", "simswap", generator_file, "--variant", "people")

    assert imported.exit_code == 0, imported.output
    assert imported.stdout == (
        "imported as simswap@1: generator (simswap, width 0.125, 3 reductions, variant people)\n"
        "Licence: CC BY-NC 4.0: no commercial use; whoever imports the weights is responsible\n"
    )
    listed = {model["name"]: model for model in json.loads(fakeme("models", "list", "--json").stdout)}
    assert (listed["simswap"]["purpose"], listed["simswap"]["source"]) == ("generator", "imported")
    assert "no detector" in fakeme("models", "list").stdout
    assert fakeme("models", "verify", "simswap").stdout == "simswap@1: ok (generator)\n"

    for choice in ("simswap", home / "models" / "simswap@1"):
        refused = fakeme("detect", "--model", choice, generator_file)
        assert isinstance(refused.exception, WrongPurposeError)
        assert "simswap@1" in str(refused.exception)
        assert "cannot detect any (generator); choose a detector" in str(refused.exception)


def test_an_encoder_is_imported_under_a_name_and_a_licence(tmp_path: Path) -> None:
    save_file(random_state(ENCODER), tmp_path / "own.safetensors")
    options = ("--name", "mine", "--version", "2", "--licence", "own", "--data", "own faces")

    imported = fakeme("models", "import", "arcface", tmp_path / "own.safetensors", *options)

    assert imported.stdout == (
        "imported as mine@2: identity_encoder (arcface, blocks 1-2-1-1)\nLicence: own\n"
    ), imported.output


def test_a_pickled_module_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save({"model": nn.DataParallel(nn.Linear(2, 1))}, tmp_path / "arcface_checkpoint.tar")

    refused = fakeme("models", "import", "arcface", tmp_path / "arcface_checkpoint.tar")

    assert isinstance(refused.exception, ForeignWeightsError)
    assert "it contains torch.nn.parallel.data_parallel.DataParallel" in str(refused.exception)
    assert "Save only the weights, with the code that made it" in str(refused.exception)


def test_a_generator_needs_its_variant(generator_file: Path) -> None:
    refused = fakeme("models", "import", "simswap", generator_file)

    assert (refused.exit_code, "--variant" in refused.output) == (2, True)


def test_a_detector_is_refused_as_a_generator(tmp_path: Path) -> None:
    save_file({"features.0.weight": torch.zeros(2)}, tmp_path / "w.safetensors")

    refused = fakeme("models", "import", "simswap", tmp_path / "w.safetensors", "--variant", "people")

    assert isinstance(refused.exception, ForeignWeightsError)
    assert "first_layer.1.weight is missing" in str(refused.exception)


@pytest.mark.parametrize("words", [(), ("detector",)], ids=["short form", "long form"])
def test_a_detector_is_still_imported(tmp_path: Path, words: tuple[str, ...]) -> None:
    refused = fakeme(
        "models", "import", *words, "--network", "nothing", "--licence", "a", "--data", "b", "w.pth"
    )

    assert "no network is named 'nothing'" in str(refused.exception)
