"""Which folder a setting refers to, and how the weights of a remote model are fetched."""

from pathlib import Path

import pytest

from inference.card import ModelCard, read_card
from inference.errors import DownloadError, ModelNotFetchedError, UnknownModelError
from inference.foreign_weights import Origin, import_model
from inference.model_store import ModelStore, Source
from inference.registration import register_folder
from inference.verification import verify
from tests.unit.inference.random_checkpoint import random_checkpoint, save

Reports = list[tuple[int, int | None]]


def ignore(_: int, __: int | None) -> None:
    """Ignore the progress."""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A registry with a shipped model and a remote one."""
    home = tmp_path / "registry"
    shipped, elsewhere = home / "shipped", tmp_path / "elsewhere"
    for folder, name in ((shipped, "shipped"), (elsewhere, "remote")):
        folder.mkdir(parents=True)
        checkpoint = random_checkpoint()
        card = checkpoint.card.model_copy(update={"name": name, "version": "1"})
        save(type(checkpoint)(card, checkpoint.network), folder)
    register_folder(shipped, home / "registry.toml")
    register_folder(elsewhere, home / "registry.toml", url="../elsewhere/weights.safetensors")
    return home / "registry.toml"


@pytest.fixture
def store(published: Path, tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "local", published)


def test_settings_refer_to_models_or_folders(
    store: ModelStore, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert store.folder(None) == store.folder("shipped") == published.parent / "shipped"
    assert store.folder("./anywhere") == Path("anywhere")
    assert store.folder("elsewhere") == Path("elsewhere")  # matches no model, but a folder
    with pytest.raises(
        UnknownModelError, match=r"no model is named 'nothing'; there are shipped@1, remote@1"
    ):
        store.folder("nothing")


def test_remote_model_is_fetched_once(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFetchedError, match="`fakeme models fetch remote@1`"):
        store.folder("remote")
    reports: Reports = []

    folder = store.fetch("remote", lambda done, total: reports.append((done, total)))
    (tmp_path / "elsewhere" / "weights.safetensors").unlink()
    again = store.fetch("remote@1", lambda done, total: pytest.fail("it was fetched twice"))

    assert folder == again == store.folder("remote") == tmp_path / "local" / "remote@1"
    assert read_card(folder) == store.find("remote").entry.card
    assert verify(store.find("remote")).name == "remote"
    assert reports[-1][0] == reports[-1][1]


def test_weights_with_another_hash_are_rejected(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "weights.safetensors").write_bytes(b"something else")

    with pytest.raises(DownloadError, match="the file was deleted"):
        store.fetch("remote", ignore)

    assert not store.find("remote").present


def test_imported_models_are_listed_after_the_registry(store: ModelStore, published: Path) -> None:
    origin = Origin("mine", "7", "efficientnet_lite0", licence="own", data="own")
    import_model(published.parent / "shipped" / "weights.safetensors", origin, store.local)

    sources = {model.entry.reference: (model.source, model.present) for model in store.known()}

    assert sources == {
        "shipped@1": (Source.SHIPPED, True),
        "remote@1": (Source.REMOTE, False),
        "mine@7": (Source.IMPORTED, True),
    }
    card = verify(store.find("mine"))
    assert isinstance(card, ModelCard)
    assert card.calibrated is False
