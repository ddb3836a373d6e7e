"""Keys of the local stack: made once, complete, private, trusted by its own list and nobody else's."""

from pathlib import Path

from inference.provenance.credentials import CredentialsState
from inference.provenance.description import GeneratedMedia
from inference.provenance.reading import read_credentials
from inference.provenance.trust_list import list_certificates, remove_certificate, trust_anchors
from pipeline.demo import pictures
from pipeline.operations.development_keys import development_settings
from pipeline.operations.local_provenance import signer_of
from pipeline.settings import ProvenanceSettings, WatermarkSettings

FILES = {"chain.pem", "private_key.pem", "root.pem", "watermark.key"}


def test_keys_are_made_once(tmp_path: Path) -> None:
    first = development_settings(tmp_path)

    assert development_settings(tmp_path) == first
    assert WatermarkSettings(**first["watermark"]).key_bytes is not None
    assert {file.name for file in (tmp_path / "development").iterdir()} == FILES
    assert len(list_certificates(tmp_path / "trust")) == 1


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    development_settings(tmp_path)

    folder = tmp_path / "development"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_every_folder_has_keys_of_its_own(tmp_path: Path) -> None:
    keys = [development_settings(tmp_path / name)["watermark"]["key"] for name in ("one", "two")]

    assert keys[0] != keys[1]


def test_the_trust_list_of_the_folder_trusts_what_is_signed(tmp_path: Path) -> None:
    settings = development_settings(tmp_path)

    signer = signer_of(ProvenanceSettings(**settings["provenance"]))
    picture = pictures.jpeg(pictures.no_face())
    signed = signer.sign(picture, "image/jpeg", GeneratedMedia("request-1", "swapper", "1")).data

    anchors = trust_anchors(list_certificates(tmp_path / "trust"))
    assert read_credentials(signed, anchors).state is CredentialsState.TRUSTED
    assert read_credentials(signed, "").state is CredentialsState.UNTRUSTED


def test_a_root_that_was_removed_from_the_trust_list_stays_away(tmp_path: Path) -> None:
    development_settings(tmp_path)
    trust = tmp_path / "trust"
    remove_certificate(trust, list_certificates(trust)[0].id)

    development_settings(tmp_path)

    assert list_certificates(trust) == []


def test_an_interrupted_start_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "development.new").mkdir()
    (tmp_path / "development.new" / "private_key.pem").write_text("half of a key")

    development_settings(tmp_path)

    assert {file.name for file in (tmp_path / "development").iterdir()} == FILES
    assert not (tmp_path / "development.new").exists()
