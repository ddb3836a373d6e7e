"""`fakeme verify` says of each file what detection would say, and what that rests on."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from inference.provenance.description import GeneratedMedia
from inference.provenance.development_chain import make_development_chain
from inference.provenance.signing import MediaSigner, read_chain
from inference.provenance.signing_key import read_private_key
from inference.provenance.trust_list import import_certificates
from pipeline.cli import cli
from pipeline.cli.verify import EXIT_FILE_MISSING
from pipeline.demo import pictures


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without a stack, and files in another one."""
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    files = tmp_path / "files"
    files.mkdir()
    return files


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["verify", *map(str, arguments)], catch_exceptions=False)


def signed(data: bytes, folder: Path) -> bytes:
    """Return the file signed by somebody on the trust list."""
    chain = make_development_chain(folder / "chain")
    import_certificates(folder / "home/trust", chain.root)
    signer = MediaSigner(read_private_key(chain.private_key), read_chain(chain.chain), "1")
    return signer.sign(data, "image/jpeg", GeneratedMedia("request-1", "swapper", "1")).data


def test_each_file_gets_a_verdict_and_what_it_rests_on(folder: Path, tmp_path: Path) -> None:
    portrait = pictures.jpeg(pictures.portrait())
    (folder / "a-portrait.jpg").write_bytes(portrait)
    (folder / "b-signed.jpg").write_bytes(signed(portrait, tmp_path))
    (folder / "c-text.jpg").write_text("no picture")

    result = run(folder, "--json")
    document = json.loads(result.stdout)
    portrait_answer, signed_answer, text_answer = (answer["verdict"] for answer in document["files"])

    assert result.exit_code == 0
    assert (portrait_answer["label"], portrait_answer["signals"]) == ("authentic", [])
    assert signed_answer["label"] == "deepfake"
    assert signed_answer["score"] is None  # the model was not asked
    assert signed_answer["signals"][0]["signal"] == "credentials"
    assert "request: request-1" in signed_answer["signals"][0]["detail"]
    assert (text_answer["label"], text_answer["reason"]) == ("unprocessable", "unsupported_type")
    assert "real faces" in document["model"]


def test_tables_name_each_fact_once(folder: Path, tmp_path: Path) -> None:
    file = folder / "signed.jpg"
    file.write_bytes(signed(pictures.jpeg(pictures.portrait()), tmp_path))

    output = run(file).stdout

    assert output.count("request: request-1") == 1
    assert "The score is an estimate" in output


def test_a_missing_file_is_named_and_the_others_are_answered(folder: Path) -> None:
    (folder / "x.jpg").write_text("x")

    result = run(folder / "x.jpg", folder / "\x1b[2Jmissing.jpg", "--no-known")

    assert result.exit_code == EXIT_FILE_MISSING
    assert "unprocessable" in result.stdout
    assert "cannot read it: No such file" in result.stdout
    assert "\x1b[2J" not in result.stdout
