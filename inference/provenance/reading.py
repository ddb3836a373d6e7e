"""Verifies the content credentials of a file with c2pa-rs. Nothing is fetched, whatever it names.

The library parses the file in native code: use it for files of strangers only inside a confined process.
"""

import io
import json
import re

import c2pa

from inference.provenance.credentials import MAX_TEXT, NO_CREDENTIALS, Credentials, CredentialsState
from inference.provenance.manifest import credentials_of

_BOX = b"jumb"  # the type of the box that holds a manifest (ISO/IEC 19566-5), in every container
_REMOTE = re.compile(rb"dcterms:provenance\s*[=>]\s*[\"']?([^\"'<>\s]{1,200})")  # in XMP
_UNSUPPORTED = "unsupported format or malformed container"


def may_have_credentials(data: bytes) -> bool:
    """Return whether ``data`` could hold a manifest or name a remote one. Most files do neither."""
    return _BOX in data or b"dcterms:provenance" in data


def read_credentials(data: bytes, trust_anchors: str) -> Credentials:
    """Return the credentials of a file; ``trust_anchors`` are PEM certificates, one after another.

    Never raises for what is in the file.
    """
    if _BOX not in data:
        return Credentials(state=CredentialsState.NONE, remote_url=_remote_url(data))
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
        remote = _remote_url(data)
        if remote:
            return Credentials(state=CredentialsState.NONE, remote_url=remote)
        return Credentials(state=CredentialsState.INVALID, reasons=(str(error)[:MAX_TEXT],))


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


def _remote_url(data: bytes) -> str:
    found = _REMOTE.search(data)
    return found[1].decode("ascii", "replace") if found else ""
