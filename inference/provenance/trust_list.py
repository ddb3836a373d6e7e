"""The trust list: certificates of those whose credentials are believed, one PEM file for each in a folder.

A file's name is the start of its certificate's SHA-256, which is also its id.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from inference.errors import TrustListError

ID_DIGITS = 16  # of the SHA-256: 64 bits, among some hundred certificates
MAX_FILE_BYTES = 5_000_000  # of a list to import; the public ones of today have some 100 kB


@dataclass(frozen=True)
class TrustedCertificate:
    """A certificate on the list. ``subject`` is a distinguished name as of RFC 4514."""

    id: str
    subject: str
    expires_at: datetime
    pem: str


def import_certificates(folder: Path, file: Path) -> list[TrustedCertificate]:
    """Add all certificates of a PEM file to the list in ``folder``, and return them.

    Raise :class:`~inference.errors.TrustListError` if the file cannot be read or holds none.
    """
    certificates = _read(file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for certificate in certificates:
            (folder / f"{certificate.id}.pem").write_text(certificate.pem, encoding="ascii")
    except OSError as error:
        raise TrustListError(f"cannot write to the trust list {folder}: {error.strerror}") from error
    return certificates


def list_certificates(folder: Path) -> list[TrustedCertificate]:
    """Return the list in ``folder``, in the order of ids; it is empty if there is no such folder.

    Raise :class:`~inference.errors.TrustListError` if a file of it is not a certificate.
    """
    found = {found.id: found for file in folder.glob("*.pem") for found in _read(file)}
    return [found[number] for number in sorted(found)]


def remove_certificate(folder: Path, certificate_id: str) -> None:
    """Remove one certificate.

    Raise :class:`~inference.errors.TrustListError` if it is not on the list, or shares a file with others.
    """
    holders = {file: [found.id for found in _read(file)] for file in sorted(folder.glob("*.pem"))}
    files = [file for file, ids in holders.items() if certificate_id in ids]
    if not files:
        known = ", ".join(sorted({known for ids in holders.values() for known in ids})) or "none"
        raise TrustListError(f"no certificate {certificate_id!r} in {folder}; known are: {known}")
    for file in files:
        if len(holders[file]) > 1:
            raise TrustListError(
                f"{file} holds {len(holders[file])} certificates; import it again with"
                " `fakeme provenance trust import`, delete the file, then remove the certificate"
            )
    for file in files:
        file.unlink(missing_ok=True)


def trust_anchors(certificates: list[TrustedCertificate]) -> str:
    """Return the certificates in PEM, one after another."""
    return "".join(certificate.pem for certificate in certificates)


def digest(certificates: list[TrustedCertificate]) -> str:
    """Return what identifies the list: a change of it may change answers."""
    return hashlib.sha256(trust_anchors(certificates).encode()).hexdigest()[:ID_DIGITS]


def _read(file: Path) -> list[TrustedCertificate]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise TrustListError(f"{file} has more than {MAX_FILE_BYTES} bytes, the limit of a trust list")
        certificates = x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise TrustListError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise TrustListError(f"{file} holds no certificates in PEM ({error}); convert it first") from error
    return [_described(certificate) for certificate in certificates]


def _described(certificate: x509.Certificate) -> TrustedCertificate:
    return TrustedCertificate(
        id=certificate.fingerprint(hashes.SHA256()).hex()[:ID_DIGITS],
        subject=certificate.subject.rfc4514_string(),
        expires_at=certificate.not_valid_after_utc,
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
    )
