"""Verifies the content credentials of a file with c2pa-rs. Nothing is fetched, whatever it names.

The library parses the file in native code: use it for files of strangers only inside a confined process.
"""

import io
import json

import c2pa

from inference.provenance.credentials import NO_CREDENTIALS, Credentials, CredentialsState
from inference.provenance.manifest import credentials_of
from inference.provenance.presence import has_manifest_box, remote_manifest_url
from inference.provenance.text import bounded_text

_UNSUPPORTED = "unsupported format or malformed container"


def read_credentials(data: bytes, trust_anchors: str) -> Credentials:
    """Return the credentials of a file; ``trust_anchors`` are PEM certificates, one after another.

    Never raises for what is in the file.
    """
    if not has_manifest_box(data):
        return Credentials(state=CredentialsState.NONE, remote_url=remote_manifest_url(data))
    try:
        with (
            c2pa.Context.from_dict(_settings(trust_anchors)) as context,
            c2pa.Reader(None, io.BytesIO(data), None, context) as reader,
        ):
            return credentials_of(json.loads(reader.detailed_json()))
    except c2pa.C2paError.ManifestNotFound:
        return NO_CREDENTIALS
    except c2pa.C2paError.NotSupported:
        return NO_CREDENTIALS.model_copy(update={"reasons": (_UNSUPPORTED,)})
    except (c2pa.C2paError, ValueError) as error:
        remote = remote_manifest_url(data)
        if remote:
            return Credentials(state=CredentialsState.NONE, remote_url=remote)
        return Credentials(state=CredentialsState.INVALID, reasons=(bounded_text(str(error)),))


def _settings(trust_anchors: str) -> dict[str, object]:
    """Return the library's settings: verify everything, by the given trust anchors, without a network."""
    return {
        "verify": {
            "verify_trust": True,
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
        },
        "trust": {"trust_anchors": trust_anchors} if trust_anchors else {},
    }
