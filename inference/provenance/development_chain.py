"""Makes a root and a signing certificate for development: whoever reads the folder can sign in its name.

The extensions are those that C2PA 2.2, section 14.5 ("credential types") demands of a signing certificate.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from inference.errors import SigningError

ROOT_FILE, CHAIN_FILE, KEY_FILE = "root.pem", "chain.pem", "private_key.pem"

_ORGANISATION = "FakeME development (not for production)"
_ROOT_DAYS, _SIGNER_DAYS = 3_650, 365
_CLOCK_SKEW = timedelta(hours=1)  # of machines that verify at once
_C2PA_CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
_KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@dataclass(frozen=True)
class DevelopmentChain:
    """The files of a chain: the root for trust lists, the chain and the private key for signing."""

    root: Path
    chain: Path
    private_key: Path


def make_development_chain(folder: Path) -> DevelopmentChain:
    """Write a new chain to ``folder``; raise :class:`~inference.errors.SigningError` if it holds one."""
    files = DevelopmentChain(folder / ROOT_FILE, folder / CHAIN_FILE, folder / KEY_FILE)
    existing = [file for file in (files.root, files.chain, files.private_key) if file.exists()]
    if existing:
        raise SigningError(f"{existing[0]} exists already; delete it, or choose another --folder")
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root, signer = _root(root_key), _signer(key, root_key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.private_key.touch(mode=0o600)
        files.private_key.write_bytes(_private_pem(key))
        files.root.write_bytes(_pem(root))
        files.chain.write_bytes(_pem(signer) + _pem(root))
    except OSError as error:
        raise SigningError(f"cannot write to {folder}: {error.strerror}; choose another --folder") from error
    return files


def _root(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a certificate that signs others. Its key is thrown away afterwards."""
    return (
        _builder("root", key, _ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )


def _signer(key: ec.EllipticCurvePrivateKey, root_key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usages = x509.ExtendedKeyUsage([_C2PA_CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    root_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return (
        _builder("signer", key, _SIGNER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        .add_extension(usages, critical=False)
        .add_extension(root_id, critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _builder(name: str, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION)
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in allowed for usage in _KEY_USAGES})


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
