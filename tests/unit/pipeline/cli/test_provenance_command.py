"""`fakeme provenance`: a development chain, signing, showing and the trust list, without any service."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from inference.errors import SigningError, TrustListError
from pipeline.cli import cli
from pipeline.errors import SettingsError
from pipeline.settings import load_settings
from tests.unit.inference.media_samples import still


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    for name in ("KAFKA_BOOTSTRAP", "DATABASE_URL"):
        monkeypatch.delenv(f"FAKEME_{name}", raising=False)
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    load_settings.cache_clear()
    return tmp_path / "home"


@pytest.fixture
def chain(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a development chain that the settings name."""
    provenance("init")
    folder = home / "provenance"
    monkeypatch.setenv("FAKEME_PROVENANCE__CERTIFICATE_CHAIN", str(folder / "chain.pem"))
    monkeypatch.setenv("FAKEME_PROVENANCE__PRIVATE_KEY", str(folder / "private_key.pem"))
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "in.jpg"
    file.write_bytes(still("JPEG"))
    return file


def provenance(*arguments: object, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["provenance", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


def shown(*files: Path, exit_code: int = 0) -> list[dict[str, Any]]:
    lines = provenance("show", *files, "--json", exit_code=exit_code).stdout.splitlines()
    return [json.loads(line) for line in lines]


def test_init_says_that_it_is_for_development(home: Path) -> None:
    output = provenance("init").stdout

    assert output.startswith("FOR DEVELOPMENT ONLY")
    assert f"FAKEME_PROVENANCE__PRIVATE_KEY={home}/provenance/private_key.pem" in output


def test_a_signed_file_is_trusted_after_its_root_was_imported(chain: Path, picture: Path) -> None:
    signed = picture.with_name("out.jpg")
    provenance("sign", picture, "-o", signed, "--request-id", "r1", "--watermark", "00FF")

    assert [found["credentials"]["state"] for found in shown(picture, signed)] == ["none", "untrusted"]

    output = provenance("trust", "import", chain / "root.pem").stdout
    (certificate,) = json.loads(provenance("trust", "list", "--json").stdout)
    assert output.startswith(certificate["id"])
    (found,) = shown(signed)
    assert found["credentials"]["state"] == "trusted"
    assert found["credentials"]["request_id"] == "r1"
    assert found["credentials"]["soft_binding"] == "00000000000ff"
    assert found["traces"] == [{"name": "jpeg-tables", "value": "libjpeg, quality 75", "worth": "neutral"}]
    assert "trusted: signed by somebody on the trust list" in provenance("show", signed).stdout

    provenance("trust", "remove", certificate["id"])
    assert shown(signed)[0]["credentials"]["state"] == "untrusted"
    assert "nobody is trusted" in provenance("trust", "list").stdout


def test_files_that_cannot_be_read_are_told_and_the_others_shown(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()

    missing, empty, read = shown(tmp_path / "no.jpg", tmp_path / "empty.jpg", picture, exit_code=2)

    assert missing["problem"] == "cannot read it: No such file or directory"
    assert empty["problem"] == "the file has zero bytes"
    assert read["problem"] == ""


def test_mistakes_are_explained(picture: Path, tmp_path: Path, chain: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("hello")

    with pytest.raises(SigningError, match="is not a picture or video that FakeME knows"):
        provenance("sign", text, "-o", tmp_path / "out")
    with pytest.raises(SigningError, match=r"cannot sign .*no\.jpg: No such file"):
        provenance("sign", tmp_path / "no.jpg", "-o", tmp_path / "out")
    with pytest.raises(SigningError, match="cannot read the ingredient"):
        provenance("sign", picture, "-o", tmp_path / "out", "--ingredient", tmp_path / "no.jpg")
    with pytest.raises(TrustListError, match="holds no certificates in PEM"):
        provenance("trust", "import", text)
    with pytest.raises(SigningError, match=r"cannot write .*nowhere/out: No such file"):
        provenance("sign", picture, "-o", tmp_path / "nowhere" / "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sign", "in.jpg", "-o", "out", "--watermark", "xyz"), "--watermark is 'xyz': give up to 13 hex"),
        (("sign", "in.jpg", "-o", "out", "--watermark", "1" * 14), "give up to 13 hex digits"),
        (("sign", "in.jpg", "-o", "out", "--store"), "--store needs --watermark"),
    ],
)
def test_wrong_options_are_named(arguments: tuple[str, ...], message: str) -> None:
    # The message is drawn in a box, with line ends that depend on its width.
    output = " ".join(provenance(*arguments, exit_code=2).output.replace("│", " ").split())

    assert message in output


def test_without_a_database_storing_and_finding_say_what_to_do(chain: Path, picture: Path) -> None:
    signed = picture.with_name("out.jpg")

    for arguments in (("sign", picture, "-o", signed, "--watermark", "1", "--store"), ("find", "1")):
        with pytest.raises(SettingsError, match="FAKEME_DATABASE_URL is not set and no local stack runs"):
            provenance(*arguments)
    assert not signed.exists()


def test_without_a_chain_signing_says_what_to_do(picture: Path) -> None:
    with pytest.raises(SigningError, match="no certificate to sign with: set FAKEME_PROVENANCE__"):
        provenance("sign", picture, "-o", picture.with_name("out.jpg"))
