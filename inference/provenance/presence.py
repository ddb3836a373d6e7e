"""A quick look for content credentials, without parsing: most files have none."""

import re

from inference.provenance.text import bounded_text

_BOX = b"jumb"  # the type of the box that holds a manifest (ISO/IEC 19566-5), in every container
_REMOTE_PROPERTY = b"dcterms:provenance"  # of XMP
_REMOTE = re.compile(_REMOTE_PROPERTY + rb"[\s=>\"']{1,20}([^\"'<>\s]{1,200})")


def has_manifest_box(data: bytes) -> bool:
    """Return whether ``data`` may hold a manifest."""
    return _BOX in data


def remote_manifest_url(data: bytes) -> str:
    """Return the address at which the manifest is said to be; empty if none is stated."""
    found = _REMOTE.search(data)
    return bounded_text(found[1].decode("ascii", "replace")) if found else ""


def may_have_credentials(data: bytes) -> bool:
    """Return whether ``data`` may hold a manifest or name a remote one."""
    return has_manifest_box(data) or _REMOTE_PROPERTY in data
