"""Credentials that survive a platform: the watermark finds the manifest that the platform removed."""

import io
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image
from skimage import data
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from inference.errors import SigningError
from inference.provenance.credentials import Credentials, CredentialsState
from inference.provenance.development_chain import make_development_chain
from inference.provenance.manifest import credentials_of
from inference.provenance.reading import read_credentials
from inference.watermark.detection import detect
from inference.watermark.embedding import embed
from pipeline.cli import cli
from pipeline.operations.durable_credentials import ManifestMissingError
from pipeline.settings import load_settings
from schemas.watermarks import payload_text
from storage import manifests
from storage.database import connect, transaction
from storage.errors import ManifestInvalidError, PayloadTakenError

KEY = b"k" * 32


@pytest.fixture
def engine(
    database_url: str, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Engine]:
    """The module's database, which the settings name, with a development chain to sign with."""
    chain = make_development_chain(tmp_path / "chain")
    monkeypatch.setenv("FAKEME_DATABASE_URL", database_url)
    monkeypatch.setenv("FAKEME_KAFKA_BOOTSTRAP", kafka_bootstrap)
    monkeypatch.setenv("FAKEME_PROVENANCE__CERTIFICATE_CHAIN", str(chain.chain))
    monkeypatch.setenv("FAKEME_PROVENANCE__PRIVATE_KEY", str(chain.private_key))
    load_settings.cache_clear()
    engine = connect(database_url)
    yield engine
    engine.dispose()
    load_settings.cache_clear()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "in.jpg"
    Image.fromarray(data.chelsea()).save(file)
    return file


def provenance(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["provenance", *map(str, arguments)], catch_exceptions=False)


def found(payload: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(provenance("find", payload, "--json").stdout)
    return document


def test_a_stripped_manifest_is_found_by_the_watermark(engine: Engine, tmp_path: Path) -> None:
    """Given a marked and signed picture, when a platform encodes it again, its mark finds its manifest."""
    payload = 0x0F00D5EEDCAFE
    marked, signed, posted = (tmp_path / name for name in ("marked.png", "signed.png", "posted.jpg"))
    Image.fromarray(embed(np.asarray(data.chelsea()), payload, KEY)).save(marked)
    options = ("--request-id", "request-1", "--watermark", payload_text(payload), "--model", "swapper@1.2")
    provenance("sign", marked, "-o", signed, *options, "--store")
    Image.open(signed).convert("RGB").save(posted, quality=75)
    assert read_credentials(posted.read_bytes(), "").state is CredentialsState.NONE

    mark = detect(np.asarray(Image.open(posted)), KEY)
    assert mark.payload is not None
    provenance("find", payload_text(mark.payload), "-o", tmp_path / "found.c2pa")

    stated = statements((tmp_path / "found.c2pa").read_bytes(), (tmp_path / "chain/root.pem").read_text())
    assert (stated.soft_binding_algorithm, stated.soft_binding) == (
        "com.fakeme.watermark.1",
        payload_text(payload),
    )
    assert stated.request_id == "request-1"
    # Signed by somebody trusted and unchanged; only the picture is no longer the one that was signed.
    assert stated.reasons == ("assertion.dataHash.mismatch",)


def statements(manifest: bytes, root: str) -> Credentials:
    """Verify a manifest without its file."""
    settings = {"verify": {"verify_trust": True}, "trust": {"trust_anchors": root}}
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Reader("application/c2pa", io.BytesIO(manifest), None, context) as reader,
    ):
        return credentials_of(json.loads(reader.detailed_json()))


def test_what_the_manifest_states_is_shown(engine: Engine, picture: Path, tmp_path: Path) -> None:
    signed = tmp_path / "out.jpg"
    provenance(
        "sign", picture, "-o", signed, "--request-id", "r2", "--watermark", "ABC", "--model", "m@2", "--store"
    )

    shown = found("0abc")

    stored_at = shown.pop("stored_at")
    assert str(stored_at).endswith("+00:00")
    assert shown == {
        "payload": "0000000000abc",
        "request_id": "r2",
        "sha256": sha256(signed.read_bytes()).hexdigest(),
        "media_type": "image/jpeg",
        "model": "m",
        "model_version": "2",
        "actions": ["c2pa.created", "c2pa.watermarked.bound"],
        "digital_source_type": (
            "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
        ),
        "signer": read_credentials(signed.read_bytes(), "").issuer,
    }
    table = provenance("find", "abc").stdout
    assert "FakeME development (not for production)" in table
    assert "compositeWithTrainedAlgorithmicMedia" in table


def test_a_payload_names_one_file(engine: Engine, picture: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1.jpg", tmp_path / "2.jpg"
    provenance("sign", picture, "-o", first, "--request-id", "r3", "--watermark", "3", "--store")

    with pytest.raises(PayloadTakenError, match="already names the manifest of request r3"):
        provenance("sign", picture, "-o", second, "--watermark", "3", "--store")

    assert not second.exists()
    assert found("3")["request_id"] == "r3"


def test_a_file_that_cannot_be_written_leaves_its_payload_free(
    engine: Engine, picture: Path, tmp_path: Path
) -> None:
    with pytest.raises(SigningError, match="cannot write"):
        provenance("sign", picture, "-o", tmp_path / "nowhere" / "out.jpg", "--watermark", "4", "--store")

    with transaction(engine) as session:
        assert manifests.find(session, payload_text(4)) is None


def test_statements_that_are_too_long_are_refused(engine: Engine, picture: Path, tmp_path: Path) -> None:
    options = ("--request-id", "r" * 201, "--watermark", "5", "--store")

    with pytest.raises(ManifestInvalidError, match="request_id is"):
        provenance("sign", picture, "-o", tmp_path / "out.jpg", *options)


def test_an_unknown_payload_is_told(engine: Engine) -> None:
    with pytest.raises(ManifestMissingError, match="no manifest is stored for 0000000000006"):
        provenance("find", "6")
