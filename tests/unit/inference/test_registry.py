"""The registry matches the cards of the models and rejects invalid entries."""

from pathlib import Path

import pytest

from inference.card import ModelCard, read_card, write_card
from inference.errors import RegistryError, UnknownModelError
from inference.registration import register_folder, render
from inference.registry import (
    MODELS_DIR,
    REGISTRY_FILE,
    Entry,
    Registry,
    default_model_dir,
    entry_from_card,
    find_entry,
    read_registry,
)

CARD = ModelCard(
    name="a",
    version="1",
    network="efficientnet_lite0",
    input_size=224,
    crop_margin=0.25,
    temperature=1.5,
    bias=-0.25,
    tag_threshold=0.9,
    suspect_threshold=0.5,
    min_face_px=48,
    weights="weights.safetensors",
    sha256="0" * 64,
    licence='"quoted", \\ and 한국어',
    data="line\nbreak",
    metrics={"auc": 0.9, "fpr at tag: é": 1e-07},
)


def entry(name: str, version: str, **where: str) -> Entry:
    return entry_from_card(CARD.model_copy(update={"name": name, "version": version}), **where)


A1, A2, B1 = (
    entry("a", "1", file="a/w.safetensors"),
    entry("a", "2", url="u.safetensors"),
    entry("b", "1", url="v.safetensors"),
)


def model_folder(home: Path, card: ModelCard) -> Path:
    folder = home / card.name
    folder.mkdir(parents=True, exist_ok=True)
    write_card(card, folder)
    return folder


@pytest.mark.parametrize("shipped", read_registry().model, ids=lambda registered: registered.reference)
def test_shipped_entry_matches_its_card(shipped: Entry) -> None:
    assert shipped.file is not None
    assert shipped.card == read_card((MODELS_DIR / shipped.file).parent), (
        "run `fakeme models register FOLDER`"
    )


def test_every_shipped_folder_is_registered_and_the_file_is_up_to_date() -> None:
    registry = read_registry()

    assert {str(path.parent.relative_to(MODELS_DIR)) for path in MODELS_DIR.glob("*/card.json")} == {
        str(Path(registered.file or "").parent) for registered in registry.model
    }
    assert REGISTRY_FILE.read_text("utf-8") == render(registry)
    assert read_card(default_model_dir()).reference == registry.default


def test_entry_restores_its_card() -> None:
    assert entry_from_card(CARD, url="https://models.example/a.safetensors").card == CARD


def test_written_registry_reads_the_same(tmp_path: Path) -> None:
    registry = Registry(default="b@1", model=(A1, A2, B1))
    (tmp_path / "registry.toml").write_text(render(registry), "utf-8")

    assert read_registry(tmp_path / "registry.toml") == registry


@pytest.mark.parametrize(("reference", "found"), [("b", B1), ("b@1", B1), ("a@2", A2)])
def test_model_is_found_by_its_name(reference: str, found: Entry) -> None:
    assert find_entry(reference, (A1, A2, B1)) is found


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("c", "no model is named 'c'; there are a@1, a@2, b@1"),
        ("a", "several versions; name one of a@1, a@2"),
    ],
)
def test_unknown_or_ambiguous_name_is_rejected(reference: str, message: str) -> None:
    with pytest.raises(UnknownModelError, match=message):
        find_entry(reference, (A1, A2, B1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("a@1", "a@3"), "default is 'a@3', which is not one of a@1"),
        (('file = "a/w.safetensors"\n', ""), "must have either file or url"),
        (("a/w.safetensors", "a/w.pth"), "file"),  # no pickled weights
        (('default = "a@1"', "default = a@1"), "not valid"),
    ],
)
def test_wrong_registry_is_rejected(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    text = render(Registry(default="a@1", model=(A1,)))
    (tmp_path / "registry.toml").write_text(text.replace(*change), "utf-8")

    with pytest.raises(RegistryError, match=message):
        read_registry(tmp_path / "registry.toml")


def test_missing_registry_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"cannot read the registry of models .*none\.toml"):
        read_registry(tmp_path / "none.toml")


def test_entry_without_a_valid_card_is_rejected() -> None:
    broken = A1.model_copy(update={"serving": {"network": "efficientnet_lite0"}})

    with pytest.raises(RegistryError, match="a@1 in the registry is not a valid card"):
        _ = broken.card


def test_registering_a_folder_writes_its_entry(tmp_path: Path) -> None:
    registry = tmp_path / "registry.toml"

    register_folder(model_folder(tmp_path, CARD), registry)
    register_folder(
        model_folder(tmp_path, CARD.model_copy(update={"name": "b"})),
        registry,
        url="https://m.example/b.safetensors",
    )

    found = read_registry(registry)
    assert found.default == "a@1"
    assert [(registered.reference, registered.file, registered.url) for registered in found.model] == [
        ("a@1", "a/weights.safetensors", None),
        ("b@1", None, "https://m.example/b.safetensors"),
    ]


def test_a_new_version_in_the_same_folder_replaces_the_old(tmp_path: Path) -> None:
    registry = tmp_path / "registry.toml"
    register_folder(model_folder(tmp_path, CARD), registry)

    register_folder(model_folder(tmp_path, CARD.model_copy(update={"version": "2"})), registry)

    found = read_registry(registry)
    assert (found.default, [registered.reference for registered in found.model]) == ("a@2", ["a@2"])


def test_a_folder_outside_the_registry_cannot_ship(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="is not below"):
        register_folder(model_folder(tmp_path / "elsewhere", CARD), tmp_path / "home" / "registry.toml")
