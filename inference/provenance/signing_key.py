"""Keys that sign manifests: a private key in a PEM file, or a function that asks a key management service."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from inference.errors import SigningError

ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519")  # of C2PA 2.2, section 13.2

_CURVES: dict[int, tuple[str, hashes.HashAlgorithm]] = {
    256: ("es256", hashes.SHA256()),
    384: ("es384", hashes.SHA384()),
    521: ("es512", hashes.SHA512()),
}
_HOOK = re.compile(r"[\w.]+:\w+")


@dataclass(frozen=True)
class SigningKey:
    """A key whose certificate is first in the chain; it may be in memory, in a service or in hardware.

    ``sign`` returns the signature in the format of COSE (RFC 9053): for ECDSA, r and s one after the other.
    """

    algorithm: str
    sign: Callable[[bytes], bytes]


def read_private_key(file: Path) -> SigningKey:
    """Return the unencrypted private key in a PEM file; raise :class:`~inference.errors.SigningError`."""
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        raise SigningError(
            f"cannot read the private key {file}: {error.strerror}; check FAKEME_PROVENANCE__PRIVATE_KEY,"
            " or make a development chain with `fakeme provenance init`"
        ) from error
    except (ValueError, TypeError) as error:
        raise SigningError(f"{file} is not an unencrypted private key in PEM ({error})") from error
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return SigningKey("ed25519", key.sign)
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size in _CURVES:
        algorithm, digest = _CURVES[key.curve.key_size]
        return SigningKey(algorithm, lambda data: _ecdsa(key, digest, data))
    raise SigningError(
        f"{file} holds a key of type {type(key).__name__}; use ECDSA on P-256, P-384 or P-521, or Ed25519"
    )


def find_key_service(hook: str, algorithm: str) -> SigningKey:
    """Return the key behind ``hook``, ``module:function``; the function takes bytes and returns a signature.

    Raise :class:`~inference.errors.SigningError`.
    """
    if algorithm not in ALGORITHMS:
        raise SigningError(f"unknown signing algorithm {algorithm!r}; use one of {', '.join(ALGORITHMS)}")
    if not _HOOK.fullmatch(hook):
        raise SigningError(f"the signing hook {hook!r} is not of the form module:function")
    module, function = hook.split(":")
    try:
        sign = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SigningError(f"the signing hook {hook!r} cannot be imported: {error}") from error
    if not callable(sign):
        raise SigningError(f"the signing hook {hook!r} is not a function")
    return SigningKey(algorithm, sign)


def _ecdsa(key: ec.EllipticCurvePrivateKey, digest: hashes.HashAlgorithm, data: bytes) -> bytes:
    size = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")
