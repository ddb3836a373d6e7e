"""The signal of content credentials (C2PA): a trusted signer says that a trained model made the media item.

Such a statement is decisive. Whatever else a manifest says is shown to moderators and changes nothing:
anybody can sign, and strip, a manifest.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference.errors import SandboxUnavailableError, Unprocessable
from inference.provenance.credentials import Credentials, CredentialsState
from inference.provenance.presence import may_have_credentials
from inference.provenance.source_types import short_name
from inference.provenance.trust_list import digest, list_certificates, trust_anchors
from pipeline.consumers.detection.signals.signal import ExaminedMedia, Finding
from pipeline.errors import TransientError
from schemas.verdicts import Label

CODE_VERSION = 1  # raise it when the code may answer differently

_MAX_WORD = 60  # characters of a name in the detail, which has 300
_STATES = {
    CredentialsState.TRUSTED: "signed by {issuer}, who is trusted",
    CredentialsState.UNTRUSTED: "signed by {issuer}, who is not on the trust list, so they prove nothing",
    CredentialsState.INVALID: "invalid, so they prove nothing ({reason})",
}


class VerificationUnavailableError(TransientError):
    """No process can be started for the verification: the machine has no memory or no processes left."""


class CredentialsReader(Protocol):
    """Verifies credentials in a confined process, within limits of time and memory."""

    def read_credentials(self, data: bytes, trust_anchors: str) -> Credentials: ...


@dataclass(frozen=True)
class CredentialsSignal:
    """Reads the manifest of a media item. The version covers the trust list: whom to believe."""

    version: str
    trust_anchors: str
    reader: CredentialsReader
    name: str = "credentials"

    def examine(self, media: ExaminedMedia) -> Finding | None:
        """Return what the manifest says; None if there is none."""
        if not may_have_credentials(media.data):
            return None
        try:
            return finding(self.reader.read_credentials(media.data, self.trust_anchors))
        except Unprocessable as error:
            return Finding(None, detail=f"content credentials that cannot be read: {error.detail}")
        except SandboxUnavailableError as error:
            raise VerificationUnavailableError(str(error)) from error


def credentials_signal(trust_folder: Path, reader: CredentialsReader) -> CredentialsSignal:
    """Return the signal with the trust list in ``trust_folder``, which is read now.

    Raise :class:`~inference.errors.TrustListError` if a file of the list is not a certificate.
    """
    certificates = list_certificates(trust_folder)
    return CredentialsSignal(f"{CODE_VERSION}-{digest(certificates)}", trust_anchors(certificates), reader)


def finding(credentials: Credentials) -> Finding | None:
    """Return the finding for these credentials; decisive if a trusted signer states generation."""
    if credentials.state is CredentialsState.NONE:
        return _remote(credentials)
    detail = _detail(credentials)
    if credentials.state is CredentialsState.TRUSTED and credentials.states_generation:
        return Finding(Label.DEEPFAKE, decisive=True, detail=detail)
    return Finding(None, detail=detail)


def _remote(credentials: Credentials) -> Finding | None:
    if not credentials.remote_url:
        return None
    return Finding(
        None, detail=f"content credentials elsewhere, which are not fetched: {credentials.remote_url}"
    )


def _detail(credentials: Credentials) -> str:
    """Return the credentials in words, the most important first: the end may be cut."""
    issuer = _word(credentials.issuer or "an unknown signer")
    reason = _word(", ".join(credentials.reasons) or "no reason given")
    state = _STATES[credentials.state].format(issuer=issuer, reason=reason)
    made = "made or changed by AI; " if credentials.states_generation else ""
    facts = {
        "source": ", ".join(short_name(source_type) for source_type in credentials.source_types),
        "passed on from others": ", ".join(map(short_name, credentials.gathered_source_types)),
        "program": credentials.claim_generator,
        "request": credentials.request_id,
        "watermark": credentials.soft_binding,
    }
    stated = "; ".join(f"{name}: {_word(value)}" for name, value in facts.items() if value)
    return f"content credentials {state}. They state: {made}{stated or 'nothing of use'}"


def _word(text: str) -> str:
    return text if len(text) <= _MAX_WORD else f"{text[: _MAX_WORD - 1]}…"
