"""Imported weights become models of the store that generation can load and detection refuses."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inference.card import read_any_card, read_card
from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointCorruptError, ForeignWeightsError, RegistryError, WrongPurposeError
from inference.model_store import ModelStore
from inference.purpose import Purpose
from inference.swapper.card import SwapperCard
from inference.swapper.checkpoint import load_encoder, load_generator
from inference.swapper.conversion import OFFICIAL_LICENCE, SwapperOrigin, import_encoder, import_generator
from inference.swapper.generator import Generator
from inference.swapper.variant import Variant
from inference.verification import verify
from tests.unit.inference.swapper.published_entries import ENCODER, random_state

GENERATOR, FACES = SwapperOrigin("simswap", "1"), SwapperOrigin("arcface", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generator that was trained in parallel, in half precision."""
    torch.manual_seed(0)
    state = Generator(Variant.TRAINING, width=1 / 8).state_dict()
    path = tmp_path_factory.mktemp("trained") / "netG.safetensors"
    save_file({f"module.{key}": value.half() if value.ndim else value for key, value in state.items()}, path)
    return path


@pytest.fixture(scope="module")
def local(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local store with a generator and an encoder."""
    folder = tmp_path_factory.mktemp("local")
    import_generator(trained, Variant.TRAINING, GENERATOR, folder)
    save_file(random_state(ENCODER), trained.with_name("arcface.safetensors"))
    import_encoder(trained.with_name("arcface.safetensors"), FACES, folder)
    return folder


def test_card_says_what_was_imported(local: Path, trained: Path) -> None:
    weights = (local / "simswap@1" / "weights.safetensors").read_bytes()

    assert read_any_card(local / "simswap@1") == SwapperCard(
        purpose=Purpose.GENERATOR,
        name="simswap",
        version="1",
        network="simswap, width 0.125, 3 reductions",
        variant=Variant.TRAINING,
        weights="weights.safetensors",
        sha256=hashlib.sha256(weights).hexdigest(),
        source_sha256=hashlib.sha256(trained.read_bytes()).hexdigest(),
        licence=OFFICIAL_LICENCE,
        data="not stated",
    )
    assert "no commercial use" in OFFICIAL_LICENCE


def test_imported_generator_swaps(local: Path) -> None:
    generator = load_generator(local / "simswap@1")

    assert (generator.variant, generator.width) == (Variant.TRAINING, 1 / 8)
    assert {value.dtype for value in generator.parameters()} == {torch.float32}
    assert generator(torch.rand(1, 3, 32, 32), torch.eye(1, 512)).isfinite().all()


def test_imported_encoder_loads(local: Path) -> None:
    card = read_any_card(local / "arcface@1")

    assert isinstance(card, SwapperCard)
    assert (card.network, card.variant) == ("arcface, blocks 1-2-1-1", None)
    assert load_encoder(local / "arcface@1").blocks == (1, 2, 1, 1)


def test_store_lists_and_verifies_them(local: Path) -> None:
    store = ModelStore(local)

    found = {reference: store.find(reference) for reference in ("simswap", "arcface@1")}

    assert [model.entry.purpose for model in found.values()] == [Purpose.GENERATOR, Purpose.IDENTITY_ENCODER]
    assert [verify(model) for model in found.values()] == [model.entry.card for model in found.values()]


def test_broken_weights_do_not_pass_verification(trained: Path, tmp_path: Path) -> None:
    # given weights that exceed the range of numbers
    state = {
        key: value * torch.inf for key, value in Generator(Variant.PEOPLE, width=1 / 64).state_dict().items()
    }
    save_file(state, tmp_path / "w.safetensors")
    import_generator(tmp_path / "w.safetensors", Variant.PEOPLE, GENERATOR, tmp_path)

    with pytest.raises(CheckpointCorruptError, match=r"simswap@1 gives \d+ NaN or infinity for 2 crops"):
        verify(ModelStore(tmp_path).find("simswap"))


def test_changed_weights_are_not_loaded(trained: Path, tmp_path: Path) -> None:
    import_generator(trained, Variant.TRAINING, GENERATOR, tmp_path)
    with (tmp_path / "simswap@1" / "weights.safetensors").open("ab") as file:
        file.write(b"x")

    with pytest.raises(CheckpointCorruptError, match="its card says"):
        load_generator(tmp_path / "simswap@1")


@pytest.mark.parametrize("load", [read_card, load_checkpoint])
def test_detection_refuses_them(local: Path, load: object) -> None:
    assert callable(load)
    with pytest.raises(WrongPurposeError) as refusal:
        load(local / "simswap@1")

    assert str(refusal.value) == (
        f"simswap@1 in {local}/simswap@1 makes face swaps and cannot detect any (generator);"
        " choose a detector of `fakeme models list`"
    )


def test_generator_and_encoder_are_not_mixed_up(local: Path) -> None:
    with pytest.raises(
        WrongPurposeError, match=r"arcface@1 in .* is not a model for this purpose \(generator\)"
    ):
        load_generator(local / "arcface@1")
    with pytest.raises(WrongPurposeError, match=r"not a model for this purpose \(identity_encoder\)"):
        load_encoder(local / "simswap@1")


def test_other_weights_leave_no_folder(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ForeignWeightsError, match=rf"^{trained}: the weights are not those of the ArcFace encoder"
    ):
        import_encoder(trained, FACES, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_existing_model_is_kept(local: Path, trained: Path) -> None:
    with pytest.raises(ForeignWeightsError, match="simswap@1 already exists; choose another --version"):
        import_generator(trained, Variant.PEOPLE, GENERATOR, local)


@pytest.mark.parametrize(("name", "version"), [("../simswap", "1"), ("", "1"), ("simswap", ""), ("a", "1/2")])
def test_name_that_cannot_be_a_folder_is_refused(
    trained: Path, tmp_path: Path, name: str, version: str
) -> None:
    with pytest.raises(RegistryError, match="is not a valid registry entry"):
        import_generator(trained, Variant.PEOPLE, SwapperOrigin(name, version), tmp_path)


def test_folder_that_cannot_be_written_is_reported(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file in the place of the folder")

    with pytest.raises(
        ForeignWeightsError, match=r"cannot write .*simswap@1 \((File exists|Not a directory)\)"
    ):
        import_generator(trained, Variant.PEOPLE, GENERATOR, tmp_path / "local")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variant": None}, "a generator needs a variant"),
        ({"variant": "best"}, "variant"),
        ({"width": 1}, "width"),
        ({"purpose": "detector"}, "purpose"),
    ],
)
def test_wrong_card_is_rejected(local: Path, tmp_path: Path, change: dict[str, object], message: str) -> None:
    card = json.loads((local / "simswap@1" / "card.json").read_text("utf-8"))
    (tmp_path / "card.json").write_text(json.dumps(card | change))

    with pytest.raises(CheckpointCorruptError, match=message):
        read_any_card(tmp_path)
