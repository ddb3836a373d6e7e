"""The scenes of the demo: who must decide on each, and the files that are made for them."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from inference.provenance.reading import read_credentials
from inference.provenance.trust_list import list_certificates, trust_anchors
from inference.watermark.detection import detect
from pipeline.consumers.detection.signals import ExaminedMedia
from pipeline.consumers.detection.signals.metadata import metadata_signal
from pipeline.demo import pictures
from pipeline.demo.making import Maker, NotPossibleError
from pipeline.demo.run import make_media
from pipeline.demo.scenario import SCENES
from pipeline.operations.development_keys import TRUST_FOLDER, development_settings
from pipeline.settings import Settings
from schemas.posts import Media
from storage import known_media, manifests
from storage.known_media import KnownLabel, NewEntry
from storage.manifests import Manifest

DECIDERS = {
    "portrait": "model",
    "retouched": "model",
    "swapped": "model",
    "repost": "earlier_analysis",
    "coffee": "model",
    "video": "model",
    "forged-video": "model",
    "broken": "file_check",
    "reported": "model",
    "known": "known_media",
    "signed": "credentials",
    "marked": "watermark",
    "traces": "model",
}


class Database:
    """What would be stored."""

    def __init__(self) -> None:
        self.entries: list[NewEntry] = []
        self.manifests: list[Manifest] = []


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    stored = Database()
    monkeypatch.setattr(Maker, "_transaction", lambda _self: nullcontext())
    monkeypatch.setattr(known_media, "add", lambda _, entries, _actor: stored.entries.extend(entries))
    monkeypatch.setattr(manifests, "add", lambda _, manifest: stored.manifests.append(manifest))
    return stored


def settings(**more: Any) -> Settings:
    return Settings(kafka_bootstrap="none:1", database_url="postgresql://none:1/none", **more)


@pytest.fixture
def keyed(tmp_path: Path) -> Settings:
    """The settings of a local stack."""
    keys = development_settings(tmp_path)
    keys["provenance"]["trust_folder"] = tmp_path / TRUST_FOLDER
    return settings(**keys)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The settings of services that have no keys."""
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path))
    return settings()


def test_each_scene_names_who_must_decide() -> None:
    assert {scene.name: scene.decided_by for scene in SCENES} == DECIDERS
    assert {scene.name: scene.finding for scene in SCENES if scene.finding} == {
        "known": "known_media",
        "signed": "credentials",
        "marked": "watermark",
        "traces": "metadata",
    }


def test_files_are_new_in_each_run_but_for_the_known_one(keyed: Settings) -> None:
    first, left_out = make_media(Maker("run-1", keyed))
    second, _ = make_media(Maker("run-2", keyed))

    assert left_out == {}
    assert first.keys() == {scene.name for scene in SCENES}
    assert {name for name, data in first.items() if second[name] == data} == {"known"}
    assert first["repost"] == first["swapped"]


def test_the_known_file_is_banked_by_its_bytes_only(keyed: Settings, database: Database) -> None:
    Maker("run-1", keyed).known()

    (entry,) = database.entries
    assert (entry.label, entry.bank, entry.pdqs) == (KnownLabel.DEEPFAKE, "demo", ())


def test_the_signed_file_is_trusted_and_states_ai(keyed: Settings) -> None:
    anchors = trust_anchors(list_certificates(keyed.trust_folder))

    assert read_credentials(Maker("run-1", keyed).signed(), anchors).states_generation


def test_the_marked_file_has_lost_its_manifest_which_is_stored_for_its_mark(
    keyed: Settings, database: Database
) -> None:
    data = Maker("run-1", keyed).stripped()

    assert read_credentials(data, "").state == "none"
    (manifest,) = database.manifests
    assert detect(pictures.decoded(data), keyed.watermark.key_bytes or b"").payload == int(
        manifest.payload, 16
    )


def test_the_traces_name_a_generator(keyed: Settings) -> None:
    data = Maker("run-1", keyed).traced()
    item = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")

    found = metadata_signal().examine(ExaminedMedia(item, data, "1" * 64, lambda: pytest.fail("decoded")))

    assert found is not None
    assert "exif-software 'Stable Diffusion' (generated)" in found.detail


def test_scenes_without_keys_are_left_out(bare: Settings) -> None:
    _, left_out = make_media(Maker("run-1", bare))

    assert left_out == {
        "signed": "there is no certificate to sign with",
        "marked": "there is no watermark key",
    }


def test_scenes_of_disabled_signals_are_left_out(keyed: Settings) -> None:
    detection = keyed.detection.model_copy(update={"disabled_signals": ("metadata", "watermark")})

    _, left_out = make_media(Maker("run-1", keyed.model_copy(update={"detection": detection})))

    assert left_out == {
        "marked": "the signal watermark is disabled",
        "traces": "the signal metadata is disabled",
    }


def test_a_signer_whom_the_users_trust_list_does_not_name_cannot_be_shown(
    keyed: Settings, tmp_path: Path
) -> None:
    provenance = keyed.provenance.model_copy(update={"trust_folder": tmp_path / "mine"})

    with pytest.raises(NotPossibleError, match="does not trust"):
        Maker("run-1", keyed.model_copy(update={"provenance": provenance})).signed()
