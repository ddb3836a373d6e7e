"""Signs files that FakeME generated, with c2pa-rs, in this process: not for bytes of strangers."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa

from inference.errors import SigningError
from inference.provenance.description import GeneratedMedia, manifest_definition
from inference.provenance.signing_key import SigningKey, find_key_service, read_private_key

# Thumbnails would carry the picture a second time, and the library would decode it. The result is verified
# by whoever reads it; a self-signed chain could not be verified here.
_SETTINGS: dict[str, object] = {
    "verify": {"verify_after_sign": False, "ocsp_fetch": False, "remote_manifest_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True, eq=False)
class SignedMedia:
    """The file with its manifest inside, and the manifest alone, to find it again when it is stripped."""

    data: bytes
    manifest: bytes


@dataclass(frozen=True, eq=False)
class MediaSigner:
    """Signs files under one certificate. Safe to use from several threads.

    ``chain`` is PEM, the signing certificate first. ``timestamp_authority`` is the URL of an RFC 3161
    service, which is then asked for each file; None: signatures carry no time that others vouch for.
    """

    key: SigningKey
    chain: str
    generator_version: str
    timestamp_authority: str | None = None

    def sign(self, data: bytes, media_type: str, media: GeneratedMedia) -> SignedMedia:
        """Return the signed file.

        Raise :class:`~inference.errors.SigningError` if key and chain do not belong together, the format
        cannot hold a manifest, or the key service or timestamp authority fails.
        """
        failures: list[Exception] = []
        signed = io.BytesIO()
        try:
            with (
                c2pa.Context.from_dict(_SETTINGS) as context,
                c2pa.Builder(self._definition(media, media_type), context) as builder,
                self._signer(failures) as signer,
            ):
                manifest = builder.sign(signer, media_type, io.BytesIO(data), signed)
        except c2pa.C2paError as error:
            cause = failures[0] if failures else error
            raise SigningError(
                f"cannot sign {media_type} for request {media.request_id!r}: {cause}; check the key, its"
                " certificate chain and the format"
            ) from error
        return SignedMedia(signed.getvalue(), manifest)

    def _definition(self, media: GeneratedMedia, media_type: str) -> dict[str, Any]:
        return manifest_definition(media, media_type, self.generator_version)

    def _signer(self, failures: list[Exception]) -> c2pa.Signer:
        def sign(data: bytes) -> bytes:
            try:
                return self.key.sign(data)
            except Exception as error:  # the library reports only that there was one
                failures.append(error)
                raise

        algorithm = c2pa.C2paSigningAlg[self.key.algorithm.upper()]
        return c2pa.Signer.from_callback(sign, algorithm, self.chain, self.timestamp_authority)


def make_signer(
    chain: Path,
    *,
    private_key: Path | None = None,
    key_service: str | None = None,
    key_service_algorithm: str = "es256",
    timestamp_authority: str | None = None,
    generator_version: str,
) -> MediaSigner:
    """Return a signer with a private key from a file, or else with a key service (``module:function``).

    Raise :class:`~inference.errors.SigningError` if there is neither, or one of them cannot be used.
    """
    if private_key is not None:
        key = read_private_key(private_key)
    elif key_service is not None:
        key = find_key_service(key_service, key_service_algorithm)
    else:
        raise SigningError(
            "there is no key to sign with: set FAKEME_PROVENANCE__PRIVATE_KEY or"
            " FAKEME_PROVENANCE__KEY_SERVICE, or make a development chain with `fakeme provenance init`"
        )
    return MediaSigner(key, read_chain(chain), generator_version, timestamp_authority)


def read_chain(file: Path) -> str:
    """Return a certificate chain in PEM; raise :class:`~inference.errors.SigningError`."""
    try:
        chain = file.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise SigningError(
            f"cannot read the certificate chain {file}: {error}; check FAKEME_PROVENANCE__CERTIFICATE_CHAIN,"
            " or make a development chain with `fakeme provenance init`"
        ) from error
    if "BEGIN CERTIFICATE" not in chain:
        raise SigningError(f"{file} holds no certificate in PEM")
    return chain
