"""The operator's list of trusted certificates."""

from pathlib import Path

import pytest

from inference.errors import TrustListError
from inference.provenance.development_chain import DevelopmentChain
from inference.provenance.trust_list import (
    digest,
    import_certificates,
    list_certificates,
    remove_certificate,
    trust_anchors,
)


def test_certificates_are_imported_once_listed_and_removed(tmp_path: Path, chain: DevelopmentChain) -> None:
    folder = tmp_path / "trust"
    assert list_certificates(folder) == []

    imported = import_certificates(folder, chain.chain)
    import_certificates(folder, chain.chain)

    listed = list_certificates(folder)
    assert sorted(certificate.id for certificate in imported) == [certificate.id for certificate in listed]
    assert {certificate.subject for certificate in listed} == {
        "CN=root,O=FakeME development (not for production)",
        "CN=signer,O=FakeME development (not for production)",
    }
    assert trust_anchors(listed).count("BEGIN CERTIFICATE") == 2
    before = digest(listed)

    remove_certificate(folder, listed[0].id)

    assert list_certificates(folder) == listed[1:]
    assert digest(list_certificates(folder)) != before


def test_a_certificate_in_a_file_with_others_is_not_removed_silently(
    tmp_path: Path, chain: DevelopmentChain
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(chain.chain.read_text())
    listed = list_certificates(tmp_path)

    with pytest.raises(TrustListError, match=r"bundle\.pem holds 2 certificates"):
        remove_certificate(tmp_path, listed[0].id)

    assert list_certificates(tmp_path) == listed


def test_mistakes_are_explained(tmp_path: Path, chain: DevelopmentChain) -> None:
    text = tmp_path / "list.txt"
    text.write_text("nothing")

    with pytest.raises(TrustListError, match="holds no certificates in PEM"):
        import_certificates(tmp_path / "trust", text)
    with pytest.raises(TrustListError, match="cannot read"):
        import_certificates(tmp_path / "trust", tmp_path / "missing")
    with pytest.raises(TrustListError, match=r"no certificate 'x' in .*; known are: none"):
        remove_certificate(tmp_path / "trust", "x")
