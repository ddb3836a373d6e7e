"""Keys and certificates for signing, and what is said when they are wrong."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from inference.errors import SigningError
from inference.provenance.credentials import CredentialsState
from inference.provenance.development_chain import DevelopmentChain, make_development_chain
from inference.provenance.reading import read_credentials
from inference.provenance.signing import MediaSigner, read_chain
from inference.provenance.signing_key import SigningKey, find_key_service, read_private_key
from tests.unit.inference.media_samples import still
from tests.unit.inference.provenance.conftest import REQUEST


def test_the_private_key_is_for_its_owner_only(chain: DevelopmentChain) -> None:
    assert chain.private_key.stat().st_mode & 0o777 == 0o600


def test_a_chain_is_never_overwritten(chain: DevelopmentChain) -> None:
    with pytest.raises(SigningError, match=r"root\.pem exists already"):
        make_development_chain(chain.root.parent)


def test_a_key_service_signs(chain: DevelopmentChain, root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = ModuleType("kms_of_the_test")
    service.sign = read_private_key(chain.private_key).sign  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, service.__name__, service)
    signer = MediaSigner(find_key_service("kms_of_the_test:sign", "es256"), read_chain(chain.chain), "1")

    signed = signer.sign(still("PNG"), "image/png", REQUEST)

    assert read_credentials(signed.data, root).state is CredentialsState.TRUSTED
    assert signed.manifest


def test_a_failing_key_service_is_named(chain: DevelopmentChain) -> None:
    def sign(_: bytes) -> bytes:
        raise ConnectionError("the key service does not answer")

    signer = MediaSigner(SigningKey("es256", sign), read_chain(chain.chain), "1")

    with pytest.raises(SigningError, match="the key service does not answer"):
        signer.sign(still("PNG"), "image/png", REQUEST)


@pytest.mark.parametrize(
    ("hook", "algorithm", "message"),
    [
        ("no_such_module:sign", "es256", "cannot be imported"),
        ("json:no_such_function", "es256", "cannot be imported"),
        ("json:__doc__", "es256", "is not a function"),
        ("json", "es256", "not of the form module:function"),
        ("json:dumps", "md5", "unknown signing algorithm 'md5'"),
    ],
)
def test_wrong_hooks_are_explained(hook: str, algorithm: str, message: str) -> None:
    with pytest.raises(SigningError, match=message):
        find_key_service(hook, algorithm)


def test_wrong_files_are_explained(tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("no key")
    rsa_key = tmp_path / "rsa.pem"
    rsa_key.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

    with pytest.raises(SigningError, match=r"cannot read the private key .*fakeme provenance init"):
        read_private_key(tmp_path / "missing.pem")
    with pytest.raises(SigningError, match="not an unencrypted private key in PEM"):
        read_private_key(text)
    with pytest.raises(SigningError, match="use ECDSA on P-256"):
        read_private_key(rsa_key)
    with pytest.raises(SigningError, match=r"cannot read the certificate chain .*fakeme provenance init"):
        read_chain(tmp_path / "missing.pem")
    with pytest.raises(SigningError, match="holds no certificate"):
        read_chain(text)


def test_a_format_that_holds_no_manifest_is_refused(signer: MediaSigner) -> None:
    with pytest.raises(SigningError, match=r"cannot sign image/bmp for request 'request-1'"):
        signer.sign(still("BMP"), "image/bmp", REQUEST)
